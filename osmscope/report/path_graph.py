"""A traced request drawn as a graph of lines: one way down, branches with their shares, ends.

Decision: neutral data for a screen. Each decision is a node; its losers and notes are folded under
it until it is opened. A line's rail is drawn by box characters, its text may be wrapped by whoever
shows it, and what continues a text stands under the rail of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from osmscope.report.inventory.document import Piece, PieceStyle
from osmscope.report.trace_report import Branch, Sign, TraceReport, percent
from osmscope.trace.answer import Answer, Candidate, EndpointShare, OutcomeAnswer, Step

SIGNS: dict[Sign, str] = {"good": "✓", "bad": "✗", "unknown": "?"}
_STYLES: dict[Sign, PieceStyle] = {"good": "good", "bad": "bad", "unknown": "warn"}
_HEALTH: dict[str, tuple[str, PieceStyle]] = {
    "HEALTHY": ("✓", "good"), "DEGRADED": ("~", "warn"), "UNHEALTHY": ("✗", "bad"),
}  # fmt: skip
_LABELS = {"connection_manager": "manager", "network_filter": "network", "upstream_tls": "TLS",
    "listener_filters": "inspectors", "http_filters": "filters", "http_filter": "filter",
    "tls": "TLS"}  # fmt: skip
_LABEL = 13
_HTTP = "envoy.filters.http."
_SHOWN_ENDPOINTS = 12
_LINKED = ("listener", "filter_chain", "virtual_host", "route", "cluster")


class Place(msgspec.Struct, frozen=True):
    """A resource that a line is about, by names as the dump has them."""

    kind: str
    name: str
    within: str = ""
    """The listener of a chain, the cluster of an endpoint."""


class GraphLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line; its last piece is wrapped where it is too long."""

    rail: str = ""
    under: str = ""
    """What stands before further lines of the same text."""
    pieces: tuple[Piece, ...] = ()
    tail: Piece | None = None
    """Stands behind the pieces where there is room, else below them."""
    fold: str = ""
    """The name of the decision that `enter` folds or unfolds; "" for none."""
    correction: int | None = None
    """The number of the near miss that it tells."""
    place: Place | None = None


def path_graph(
    report: TraceReport,
    answer: Answer,
    opened: frozenset[str] = frozenset(),
    corrections: Sequence[str] = (),
) -> tuple[GraphLine, ...]:
    """Draw a traced request.

    Args:
        report: The request.
        answer: Where it goes, for the names of resources.
        opened: The names of the decisions whose losers are shown.
        corrections: Near misses in words, the first of them number 1.
    """
    drawing = _Drawing(report, answer, opened)
    return (*_corrections(corrections), *drawing.lines())


def foldable(lines: Sequence[GraphLine]) -> frozenset[str]:
    """Return the names of all decisions that can be unfolded."""
    return frozenset(line.fold for line in lines if line.fold)


def _corrections(corrections: Sequence[str]) -> Iterator[GraphLine]:
    if corrections:
        yield GraphLine(rail=" ", pieces=(Piece("close, and one key away:", "faint"),))
    for number, words in enumerate(corrections, 1):
        change, arrow, reaches = words.partition(" → ")
        tail = Piece(f"{arrow}{reaches}".strip(), "faint") if arrow else None
        pieces = (Piece(f"{number}", "link"), Piece(change, "strong"))
        yield GraphLine(rail=" ", under="   ", pieces=pieces, tail=tail, correction=number)
    if corrections:
        yield GraphLine()


class _Drawing:
    def __init__(self, report: TraceReport, answer: Answer, opened: frozenset[str]) -> None:
        self._report = report
        self._answer = answer
        self._opened = opened

    def lines(self) -> Iterator[GraphLine]:
        """Yield all lines, from the request down."""
        report = self._report
        subject = (Piece("◆", "strong"), Piece(report.subject, "strong"))
        yield GraphLine(rail=" ", under=" │  ", pieces=subject)
        alone = len(report.branches) == 1
        first = self._answer.outcomes[0]
        yield from self._decisions(report.rows, " ", "", first)
        for index, branch in enumerate(report.branches):
            outcome = self._answer.outcomes[index]
            if alone:
                yield from self._end(branch, outcome, " ", "0")
            else:
                last = index == len(report.branches) - 1
                yield from self._branch(branch, outcome, str(index), is_last=last)
        yield from self._said()

    def _decisions(
        self, steps: Sequence[Step], indent: str, prefix: str, outcome: OutcomeAnswer
    ) -> Iterator[GraphLine]:
        for number, group in enumerate(_grouped(steps, self._report.sign)):
            yield from self._decision(group, indent, f"{prefix}{number}", outcome)

    def _decision(
        self, group: Sequence[Step], indent: str, name: str, outcome: OutcomeAnswer
    ) -> Iterator[GraphLine]:
        step = group[0]
        under = f"{indent}│  "
        details = list(_details(group, under))
        is_open = name in self._opened
        node = Piece("✗", "bad") if step.failed else Piece("●", "faint")
        mark = ("▾" if is_open else "▸") if details else " "
        joined = len(group) > 1
        kind = "http_filters" if joined else step.kind
        label = _LABELS.get(kind, kind.replace("_", " "))
        chosen = ", ".join(one.chosen.removeprefix(_HTTP) for one in group)
        reason = "let the request go on" if joined else step.reason
        lost = len(step.losers) + step.more_losers
        words = [reason, f"{lost} lost" if lost and not joined else ""]
        chosen_style: PieceStyle = "bad" if step.failed else "strong"
        yield GraphLine(
            rail=indent,
            under=under,
            pieces=(
                node,
                Piece(mark, "faint"),
                Piece(f"{label:{_LABEL}}", "faint"),
                Piece(chosen or ("none" if step.failed else "(unnamed)"), chosen_style),
            ),
            tail=Piece(" · ".join(filter(None, words)), "faint"),
            fold=name if details else "",
            place=None if joined else _place(step, outcome),
        )
        if is_open:
            yield from details

    def _branch(
        self, branch: Branch, outcome: OutcomeAnswer, name: str, *, is_last: bool
    ) -> Iterator[GraphLine]:
        corner, bar = (" └─", "   ") if is_last else (" ├─", " │ ")
        title = branch.title if branch.sign == "good" else f"{SIGNS[branch.sign]} {branch.title}"
        style: PieceStyle = "strong" if branch.sign == "good" else _STYLES[branch.sign]
        yield GraphLine(
            rail=corner,
            under=f"{bar}       ",
            pieces=(Piece(f"{percent(branch.probability):>6}", "strong"), Piece(title, style)),
            tail=Piece(branch.reason, "faint") if branch.reason else None,
            place=Place("cluster", outcome.cluster) if outcome.cluster else None,
        )
        indent = f"{bar}     "
        yield from self._decisions(branch.rows, indent, f"{name}/", outcome)
        if branch.sign == "good":
            yield from self._endpoints(branch, outcome, indent)
            yield from self._received(branch, indent, f"{name}/received")

    def _end(
        self, branch: Branch, outcome: OutcomeAnswer, indent: str, name: str
    ) -> Iterator[GraphLine]:
        if branch.sign != "good":
            style = _STYLES[branch.sign]
            sign = SIGNS[branch.sign]
            pieces = (Piece(sign, style), Piece(" "), Piece(branch.title, style))
            yield GraphLine(rail=f"{indent}└─", under=f"{indent}     ", pieces=pieces)
        yield from self._endpoints(branch, outcome, indent)
        yield from self._received(branch, indent, f"{name}/received")

    def _endpoints(
        self, branch: Branch, outcome: OutcomeAnswer, indent: str
    ) -> Iterator[GraphLine]:
        shown = branch.endpoints[:_SHOWN_ENDPOINTS]
        hidden = len(branch.endpoints) - len(shown)
        for index, endpoint in enumerate(shown):
            is_last = index == len(shown) - 1 and not hidden
            corner, bar = ("└─", "  ") if is_last else ("├─", "│ ")
            yield GraphLine(
                rail=f"{indent}{corner}",
                under=f"{indent}{bar}         ",
                pieces=tuple(_endpoint(endpoint)),
                tail=Piece(_about(endpoint, branch), "faint"),
                place=Place("endpoint", endpoint.address, outcome.cluster or ""),
            )
        if hidden:
            words = Piece(f"… and {hidden} more endpoints", "faint")
            yield GraphLine(rail=f"{indent}└─", pieces=(Piece(" " * 6), words))

    def _received(self, branch: Branch, indent: str, name: str) -> Iterator[GraphLine]:
        if not branch.changes or branch.sign != "good":
            return
        is_open = name in self._opened
        mark = Piece("▾" if is_open else "▸", "faint")
        label = Piece(f"{'receives':{_LABEL}}", "faint")
        pieces = (Piece(" "), mark, label, Piece(branch.changes[0], "faint"))
        yield GraphLine(rail=indent, under=f"{indent}   ", pieces=pieces, fold=name)
        if is_open:
            for change in branch.changes[1:]:
                yield GraphLine(rail=f"{indent}{'':{_LABEL + 5}}", pieces=(Piece(change, "faint"),))

    def _said(self) -> Iterator[GraphLine]:
        for title, sign, texts in (
            ("assumed", Piece("≈", "warn"), self._report.assumed),
            ("counted", Piece("·", "faint"), self._report.evidence),
            ("looked up", Piece("·", "faint"), self._report.inferred),
        ):
            if texts:
                yield GraphLine()
            for index, text in enumerate(texts):
                label = Piece(f"{'' if index else title:9}", "faint")
                pieces = (sign, label, Piece(text))
                yield GraphLine(rail=" ", under=f"   {'':10}", pieces=pieces)


def _grouped(steps: Sequence[Step], sign: Sign) -> Iterator[list[Step]]:
    """Join filters that let the request go on; hide what inspectors found where all is well."""
    passed: list[Step] = []
    for step in steps:
        if step.kind == "http_filter" and not step.failed:
            passed.append(step)
            continue
        if passed:
            yield passed
            passed = []
        if step.kind != "listener_filters" or step.failed or sign != "good":
            yield [step]
    if passed:
        yield passed


def _details(group: Sequence[Step], under: str) -> Iterator[GraphLine]:
    """Yield what is folded under a decision."""
    if len(group) > 1:
        for step in group:
            name = Piece(step.chosen.removeprefix(_HTTP), "plain")
            yield _detail(under, (name,), step.reason)
        return
    step = group[0]
    for note in step.notes:
        yield _detail(under, (Piece("·", "faint"), Piece(note)), "")
    if step.fields:
        yield _detail(under, (Piece("by", "faint"), Piece(", ".join(step.fields), "faint")), "")
    for loser in step.losers:
        yield _detail(under, (Piece("not", "faint"), Piece(loser.name or "(unnamed)")), _why(loser))
    if step.more_losers:
        yield _detail(under, (Piece(f"… and {step.more_losers} more", "faint"),), "")


def _detail(under: str, pieces: tuple[Piece, ...], reason: str) -> GraphLine:
    tail = Piece(reason, "faint") if reason else None
    return GraphLine(rail=f"{under}    ", under=f"{under}      ", pieces=pieces, tail=tail)


def _why(loser: Candidate) -> str:
    return f"{loser.reason} [{', '.join(loser.fields)}]" if loser.fields else loser.reason


def _endpoint(endpoint: EndpointShare) -> Iterator[Piece]:
    sign, style = _HEALTH.get(endpoint.health, ("?", "warn"))
    yield Piece(f"{percent(endpoint.probability):>6}", "strong")
    yield Piece(sign, style)
    yield Piece(endpoint.address)


def _about(endpoint: EndpointShare, branch: Branch) -> str:
    words = [endpoint.health.lower()]
    if endpoint.priority:
        words.append(f"priority {endpoint.priority}")
    if endpoint.address in branch.owners:
        words.append(branch.owners[endpoint.address])
    if endpoint.host:
        words.append(f"host {endpoint.host}")
    return "  ".join(words)


def _place(step: Step, outcome: OutcomeAnswer) -> Place | None:
    if step.kind not in _LINKED or not step.chosen:
        return None
    if step.kind == "filter_chain":
        return Place("filter_chain", outcome.filter_chain or step.chosen, outcome.listener or "")
    table, host = outcome.route_config or "", outcome.virtual_host or ""
    if step.kind == "virtual_host":
        return Place("virtual_host", f"{table}/{host}")
    if step.kind == "route":
        return Place("route", f"{table}/{host}#{outcome.route_index}")
    return Place(step.kind, step.chosen)
