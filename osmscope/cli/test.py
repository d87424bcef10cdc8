"""`osmscope test`: a file of tests of where requests go, run against one proxy."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import click
import msgspec

from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.finite_range import FiniteRange
from osmscope.cli.help_text import examples, table
from osmscope.cli.output_options import color_option
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import SourceError, UsageError
from osmscope.route_tests.result import RunResult
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import completion_of

_FORMAT = """\b
A test (JSON or YAML); "" expects that there is none:
  tests:
  - test_name: Envoy's own format, looked up in one route table
    input:
      authority: bookstore:14001  # this field makes it a test of a table
      path: /books                # method, ssl, internal, random_value (0),
                                  # runtime, dynamic_metadata,
                                  # additional_request_headers, …_response_…
    validate:
      cluster_name: bookstore     # virtual_cluster_name, virtual_host_name,
                                  # host_rewrite, path_rewrite, path_redirect,
                                  # code_redirect, timeout, route_metadata,
                                  # request_header_matches, response_…
    route_config: rds-outbound    # where there are several
  - test_name: from the listener to the endpoint
    input:                        # the fields of a request line of `trace`
      {host: "bookstore:14001", path: /books, headers: {client-app: x}}
    validate:
      verdict: forwarded          # listener, filter_chain, route_config,
      cluster: bookstore          # virtual_host, route, route_index, endpoint,
      probability: 0.5            # code, flags, details, location, exact,
                                  # upstream_request: {method, host, path,
                                  # headers}"""

_EXIT_CODES = (
    (exit_codes.REACHES, "all tests pass"),
    (exit_codes.DOES_NOT_REACH, "a test fails, or too few routes are reached"),
    (exit_codes.BAD_INPUT, "usage, or input that cannot be read"),
    (exit_codes.NOT_REACHABLE, "the source cannot be reached"),
)


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    route_config: str | None = None
    junit_xml: str | None = None
    fail_under: float | None = None
    verbose: bool = False
    color: output.ColorChoice = "auto"


@click.command(
    name="test",
    epilog=examples(
        "osmscope test routes.test.yaml config_dump.json",
        "osmscope test routes.test.yaml bookbuyer --from mesh.tar.gz",
        "osmscope test routes.test.json routes.yaml --fail-under 90",
        "osmscope test routes.test.yaml http://localhost:15000 --junit-xml report.xml",
    )
    + "\n\n"
    + _FORMAT
    + "\n\n"
    + table("Exit codes", _EXIT_CODES),
)
@click.argument("file", metavar="FILE")
@click.argument("name", metavar="[SOURCE]", required=False, shell_complete=complete_source)
@source_options
@click.option("--route-config", metavar="NAME", help="The route table to test; all by default.")
@click.option("--junit-xml", metavar="FILE", help="Write the outcome as JUnit XML, too.")
@click.option(
    "--fail-under",
    type=FiniteRange(0, 100),
    metavar="PERCENT",
    help="Fail if passing tests reach less of the tables' routes.",
)
@click.option("-v", "--verbose", is_flag=True, help="List all unreached routes and assumptions.")
@color_option
def command(file: str, name: str | None, **options: object) -> int:
    """Run tests of where requests go.

    FILE holds tests in the format of Envoy's route table check tool, or ones that start at the
    listener. SOURCE is a config dump, an admin address, a bootstrap, a RouteConfiguration, a pod's
    folder, or a pod's name within --from; --dump stands in its place.
    """
    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    if file == "-" and "-" in (name, source.dump, source.clusters):
        raise UsageError(
            "standard input cannot be both the tests and the dump",
            hint="give one of them as a file",
        )
    run = _run(file, name, source, settings)
    if settings.junit_xml is not None:
        from osmscope.report.junit import as_junit

        _write_file(settings.junit_xml, as_junit(run))
    return _write_text(run, settings)


def _run(file: str, name: str | None, source: SourceOptions, settings: _Settings) -> RunResult:
    from osmscope.route_tests.reading import read_cases
    from osmscope.route_tests.runner import Runner
    from osmscope.route_tests.tables import RouteTables
    from osmscope.source.files import read_bytes

    cases = read_cases(read_bytes(file).data, where=file)
    sidecar = read_sidecar(name, source)
    for note in sidecar.notes:
        diagnostics.note(note)
    tables = RouteTables(sidecar.proxy, settings.route_config)
    return Runner(sidecar.proxy, completion_of(sidecar), tables).run(cases, file=file)


def _write_text(run: RunResult, settings: _Settings) -> int:
    from osmscope.report.route_test_text import Layout, is_covered, route_test_text

    layout = Layout(
        width=output.width(),
        color=output.wants_color(settings.color),
        verbose=settings.verbose,
        fail_under=settings.fail_under,
    )
    output.write(route_test_text(run, layout))
    passes = not run.failed and is_covered(run.coverage, settings.fail_under)
    return exit_codes.REACHES if passes else exit_codes.DOES_NOT_REACH


def _write_file(path: str, data: bytes) -> None:
    """Write a file at once: whoever reads it sees the old one or the new one, never a part."""
    target = Path(path).resolve()
    try:
        if target.exists() and not target.is_file():  # a pipe, or /dev/null
            target.write_bytes(data)
            return
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with open(handle, "wb") as stream:
                stream.write(data)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
        hint = "give a file in a folder that can be written"
        raise SourceError(f"cannot be written: {problem}", where=path, hint=hint) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
