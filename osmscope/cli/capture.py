"""`osmscope capture`: save sidecars, and what is around them, without their secrets."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from osmscope import __version__
from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.help_text import examples, table
from osmscope.cli.sources import live_options
from osmscope.errors import UnreachableError, UsageError
from osmscope.session.sources import SourceOptions

if TYPE_CHECKING:
    from osmscope.session.capture import Plan
    from osmscope.source.capture import Outcome
    from osmscope.source.capture_store import Manifest, Store

CONFIRMATION = "with-secrets"
"""What has to be typed for a capture that is not redacted."""

_SHOWN = 10


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    output: str
    jobs: int
    all_namespaces: bool = False
    labels: str = ""
    no_redact: str | None = None
    force: bool = False
    restart: bool = False


@click.command(
    name="capture",
    epilog=examples(
        "osmscope capture -n bookstore -o mesh.zip",
        "osmscope capture deploy/bookbuyer bookstore/bookstore-v1 -o two.zip",
        "osmscope capture shop/cart=http://127.0.0.1:15000 -o cart.zip",
        "osmscope capture --from bug-report.tar.gz -o mesh.zip",
    )
    + "\n\n"
    + table("Exit codes", exit_codes.CAPTURED),
)
@click.argument("pods", nargs=-1, metavar="[PODS]")
@live_options
@click.option("--from", "from_", metavar="PATH", help="Capture of a snapshot or a bug report.")
@click.option("-A", "--all-namespaces", is_flag=True, help="All sidecars of the cluster.")
@click.option("-l", "--selector", "labels", default="", help="Pods of these labels.")
@click.option("-o", "--output", required=True, metavar="FILE", help="A .zip, or a folder.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="How many are asked at once.",
)
@click.option(
    "--no-redact",
    is_flag=False,
    flag_value="",
    metavar=f"[{CONFIRMATION}]",
    help=f"Keep secrets; asks you to type {CONFIRMATION}, unless it is given here.",
)
@click.option("--force", is_flag=True, help="Replace FILE, if it is there.")
@click.option("--restart", is_flag=True, help="Begin anew where a run was interrupted.")
def command(pods: tuple[str, ...], **options: object) -> int:
    """Save sidecars and what is around them, to be read with --from.

    PODS are names as `osmscope trace` takes them (all pods of a workload, where it is one that is
    named), or admin addresses, as NAME=ADDRESS if you like. Of each sidecar its config dump with
    endpoints, clusters, listeners, server_info, certs and stats are saved; of a cluster also its
    Services, EndpointSlices, pods, and OSM's MeshConfig and policies, where they may be read.

    Keys, tokens, passwords, and the values of authorization and cookie headers are left out. What
    is interrupted leaves FILE.partial, which the same command goes on from.
    """
    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    redacts = not _keeps_secrets(settings.no_redact)
    from osmscope.session.capture import CaptureOptions, planned
    from osmscope.source.capture_store import Store

    store = Store(Path(settings.output), replaces=settings.force)
    wanted = CaptureOptions(
        source=source, all_namespaces=settings.all_namespaces, labels=settings.labels
    )
    with planned(pods, wanted) as plan:
        try:
            return _capture(plan, store, settings, redacts=redacts)
        except (KeyboardInterrupt, SystemExit):  # Ctrl-C, or SIGTERM
            diagnostics.note(f"interrupted; the same command goes on from {store.work}")
            raise
        except UnreachableError:
            diagnostics.note(f"given up; the same command goes on from {store.work}")
            raise


def _keeps_secrets(confirmation: str | None) -> bool:
    """Whether the user wants secrets, and has typed so."""
    if confirmation is None:
        return False
    hint = f"give --no-redact={CONFIRMATION}, or leave it out"
    if not confirmation:
        if not sys.stdin.isatty():
            raise UsageError("keeping secrets has to be confirmed", hint=hint)
        confirmation = diagnostics.ask(
            "The capture will hold private keys, tokens and passwords in clear text.\n"
            f"Type {CONFIRMATION} to go on"
        )
    if confirmation != CONFIRMATION:
        raise UsageError(f"{confirmation!r} does not confirm that secrets are kept", hint=hint)
    return True


def _capture(plan: Plan, store: Store, settings: _Settings, *, redacts: bool) -> int:
    from osmscope.source.capture import capture_all, now
    from osmscope.source.capture_store import Manifest

    manifest = Manifest(
        tool=f"osmscope {__version__}",
        source=plan.source,
        started_at=now(),
        redacted=redacts,
        errors={name: str(error) for name, error in plan.failed.items()},
    )
    errors = list(plan.failed.values())
    store.open(restart=settings.restart)
    manifest.lists, list_errors = plan.lists(store, redacts)
    outcomes: list[Outcome] = []
    with diagnostics.progress("Capturing", len(plan.subjects)) as step:
        for outcome in capture_all(plan.subjects, store, jobs=settings.jobs, redacts=redacts):
            if isinstance(outcome.error, UnreachableError):
                plan.check()
            step(outcome.subject.full_name)
            outcomes.append(outcome)
    for outcome in outcomes:
        if outcome.record is not None:
            manifest.pods.append(outcome.record)
        if outcome.error is not None:
            manifest.errors[outcome.subject.full_name] = str(outcome.error)
            errors.append(outcome.error)
    manifest.pods.sort(key=lambda record: (record.namespace, record.name))
    _tell(plan, manifest, list_errors, outcomes)
    if not manifest.pods:
        _remove(store)
        return exit_codes.of_error(errors[0]) if errors else exit_codes.BAD_INPUT
    manifest.errors |= list_errors
    manifest.recorded_at = (
        now() if plan.recorded_at is None else plan.recorded_at
    ) or msgspec.UNSET
    store.finish(manifest)
    output.write(_summary(manifest, store.target))
    is_whole = not errors and not any(record.errors for record in manifest.pods)
    return exit_codes.REACHES if is_whole else exit_codes.CAPTURED_IN_PART


def _remove(store: Store) -> None:
    """Leave nothing behind where there is nothing to go on from."""
    store.open(restart=True)
    with contextlib.suppress(OSError):
        store.work.rmdir()


def _tell(
    plan: Plan, manifest: Manifest, list_errors: dict[str, str], outcomes: list[Outcome]
) -> None:
    """Say on standard error what is not in the capture, and what a reader has to know."""
    for note in plan.notes:
        diagnostics.note(note)
    old = [outcome.record for outcome in outcomes if outcome.record and outcome.is_old]
    if old:
        first = min(record.started_at for record in old)
        diagnostics.note(f"{_sidecars(len(old))} of the interrupted run of {first} kept")
    problems = [f"{name}: not captured: {text}" for name, text in manifest.errors.items()]
    problems += [
        f"{record.namespace}/{record.name}: without {what}: {text}"
        for record in manifest.pods
        for what, text in record.errors.items()
    ]
    problems += [f"{name}: {text}" for name, text in list_errors.items()]
    for problem in problems[:_SHOWN]:
        diagnostics.note(problem)
    if len(problems) > _SHOWN:
        diagnostics.note(f"and {len(problems) - _SHOWN} more: see the manifest")
    deciding = [
        f"{record.namespace}/{record.name}: {path}"
        for record in manifest.pods
        for path in record.deciding
    ]
    if deciding:
        more = f" and {len(deciding) - 1} more, which the manifest names" if deciding[1:] else ""
        diagnostics.note(
            f"requests are held against what is redacted: {deciding[0]}{more}; traces of the "
            "capture say so where it decides"
        )


def _summary(manifest: Manifest, target: Path) -> str:
    size = sum(sum(record.files.values()) for record in manifest.pods)
    redacted = sum(record.redacted for record in manifest.pods)
    secrets = f"{redacted} secrets redacted" if manifest.redacted else "SECRETS ARE IN IT"
    return f"{target}: {_sidecars(len(manifest.pods))}, {size / 1e6:.1f} MB unpacked; {secrets}"


def _sidecars(count: int) -> str:
    return f"{count} sidecar{'' if count == 1 else 's'}"
