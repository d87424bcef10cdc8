"""A replay as text and as a document."""

from __future__ import annotations

import msgspec

from osmscope.replay.comparing import Difference
from osmscope.replay.replaying import Replayed
from osmscope.replay.tally import Tally
from osmscope.report.replay_report import ReplayReport, replay_document, replay_text


def report(direction: str = "") -> ReplayReport:
    tally = Tally()
    tally.agree = 1_000_000
    tally.directions = {"outbound": 1_000_000, "": 1}
    tally.add_difference(Difference(kind="code", was="404 NR", now="forwarded to a"), 3, "GET /")
    tally.add_difference(Difference(kind="cluster", was="\x1b[31m", now="b"), 4, "GET \u202e")
    tally.add_untold("a header decides", 5, "GET /x")
    tally.unreadable.add(6, "junk\x07")
    return ReplayReport(
        log="access.log",
        sidecar="bookbuyer",
        replayed=Replayed(tally, "JSON"),
        direction=direction,
        notes=("bookbuyer-1 stands for 2 replicas",),
    )


def test_the_text_in_its_order() -> None:
    assert replay_text(report(), width=72) == (
        "access.log against bookbuyer\n"
        "  format     JSON\n"
        "  direction  1,000,000 lines outbound, 1 line on a side that nothing\n"
        "             tells; each line tells it by its cluster, server name and\n"
        "             addresses\n"
        "  note       bookbuyer-1 stands for 2 replicas\n"
        "\n"
        "  lines                1,000,004\n"
        "  agree                1,000,000\n"
        "  differ                       2\n"
        "  could not be told            1\n"
        "  unreadable                   1\n"
        "\n"
        "Differs by cluster\n"
        "  1  \\x1b[31m → b\n"
        "     line 4: GET \\u202e\n"
        "\n"
        "Differs by code\n"
        "  1  404 NR → forwarded to a\n"
        "     line 3: GET /\n"
        "\n"
        "Could not be told\n"
        "  1  a header decides\n"
        "     line 5: GET /x\n"
        "\n"
        "Unreadable\n"
        "  1  not of the format\n"
        "     line 6: junk\\x07\n"
    )


def test_a_direction_that_was_asked_for_is_said() -> None:
    assert "  direction  inbound, as asked for\n" in replay_text(report("inbound"), width=72)


def test_colour_is_a_second_sign() -> None:
    assert "\x1b[31;1m" in replay_text(report(), width=72, color=True)


def test_the_document() -> None:
    document = replay_document(report())
    assert msgspec.json.decode(msgspec.json.encode(document)) == document
    assert document["directions"] == {"outbound": 1_000_000, "either": 1}
    assert [one["kind"] for one in document["differences"]] == ["cluster", "code"]
    assert document["untold_reasons"] == [
        {"reason": "a header decides", "count": 1, "examples": [{"line": 5, "text": "GET /x"}]}
    ]
    assert document["unreadable_examples"] == [{"line": 6, "text": "junk\x07"}]
