"""What somebody should look at in the sidecars of a mesh, as a list."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from osmscope.check.finding import Finding, Severity
from osmscope.check.findings import findings
from osmscope.errors import DumpError
from osmscope.report.inventory.document import Line, Link, Mark, Piece, Ref, Target
from osmscope.report.inventory.kinds import BY_NAME
from osmscope.report.inventory.listing import listing_of
from osmscope.report.inventory.words import link_line
from osmscope.report.table import Row, Table, columns
from osmscope.session.mesh_model import MeshModel
from osmscope.session.places import Place, Placed, Refs, loaded

_ERROR = Mark("✗", "error", "bad")
_WARNING = Mark("!", "warning", "warn")


class _Problem(msgspec.Struct, frozen=True, kw_only=True):
    pod: str
    place: Place
    finding: Finding


def problem_listing(mesh: MeshModel, member: str, now: datetime.datetime) -> Placed:
    """List what is wrong, errors first.

    Args:
        mesh: The mesh; what was not read yet is left out.
        member: The key of the only sidecar that is asked for; "" for all.
        now: The time to hold certificates against where a dump does not say when it was taken.
    """
    problems = sorted(_problems(mesh, member, now), key=lambda p: p.finding.severity != "error")
    table = Table(
        columns("problem", "pod", "kind", "name", "what"),
        tuple(_row(problem, index) for index, problem in enumerate(problems)),
    )
    marks = tuple(_ERROR if p.finding.severity == "error" else _WARNING for p in problems)
    return Placed(
        listing=listing_of("problem", table, marks),
        places=tuple(problem.place for problem in problems),
        details=tuple(_lines(problem) for problem in problems),
    )


def _problems(mesh: MeshModel, member: str, now: datetime.datetime) -> Iterator[_Problem]:
    for key, known in mesh.members.items():
        state = mesh.state(key)
        if member in ("", key) and state.status in ("failed", "stale"):
            severity: Severity = "error" if state.status == "failed" else "warning"
            finding = Finding(
                check=state.status, severity=severity, kind="pod", name=known.name,
                words=state.reason,
            )  # fmt: skip
            yield _Problem(pod=known.name, place=Place(key), finding=finding)
    for known, sidecar in loaded(mesh, member):
        refs = Refs(sidecar.proxy)
        # A dump that was saved is held against the time at which it was taken.
        moment = mesh.state(known.key).taken or now
        try:
            for one in findings(sidecar.proxy, moment):
                ref = refs.at(one.kind, one.name, one.path, one.part)
                place = Place(known.key, ref if ref.kind in BY_NAME else None)
                yield _Problem(pod=known.name, place=place, finding=one)
        except DumpError as error:
            finding = Finding(
                check="unreadable", severity="error", kind="pod", name=known.name, words=str(error)
            )
            yield _Problem(pod=known.name, place=Place(known.key), finding=finding)


def _row(problem: _Problem, index: int) -> Row:
    finding = problem.finding
    kind = finding.kind.replace("_", " ")
    cells = (finding.check, problem.pod, kind, finding.name, finding.words)
    key = f"{problem.place.member} {finding.kind} {finding.name} {finding.path} {finding.words}"
    return Row(cells, (finding.name,), f"{key} {index}")


def _lines(problem: _Problem) -> tuple[Line, ...]:
    finding, ref = problem.finding, problem.place.ref
    mark = _ERROR if finding.severity == "error" else _WARNING
    lines = [
        Line((Piece(f"{mark.sign} {finding.check}", mark.style), Piece(problem.pod, "strong"))),
        Line((Piece(finding.words),), indent=1),
        Line(),
        link_line(place_link(finding.kind, finding.name, ref), "→"),
    ]
    if finding.path:
        lines.append(Line((Piece(f"in the dump: {finding.path}", "faint"),), indent=1))
    return tuple(lines)


def place_link(kind: str, name: str, ref: Ref | None) -> Link:
    """Make a link to a place; to its sidecar where the resource cannot be browsed."""
    return Link(words=f"{kind.replace('_', ' ')} {name}", target=Target(ref=ref))
