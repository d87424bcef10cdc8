"""Both decisions side by side, at 80 columns."""

from __future__ import annotations

import msgspec

from osmscope.oracle.access_log import LogLine
from osmscope.oracle.comparison import Comparison, Decision
from osmscope.report.verify_report import Verified, summary, verify_text
from osmscope.trace.request import TraceRequest

SIMULATED = Decision(
    filter_chain="outbound_bookstore/bookstore_14001_http",
    virtual_host="v",
    route="#0",
    cluster="a",
    verdict="forwarded",
    endpoint=("10.0.0.1:80", "10.0.0.2:80"),
)
REFUSED = Decision(
    filter_chain="outbound_bookstore/bookstore_14001_http",
    virtual_host="\x1b[31mw",
    verdict="responded",
    code=404,
    flags=("NR",),
)
REQUEST = TraceRequest(id="q1", host="bookstore", path="/books")
AGREES = Comparison(result="agree", simulated=SIMULATED, real=SIMULATED)
DIFFERS = Comparison(
    result="differ",
    simulated=SIMULATED,
    real=REFUSED,
    difference="virtual_host",
    log=LogLine(kind="http", code=404, flags="NR"),
)
UNSENT = Comparison(result="not compared", simulated=SIMULATED, reason="nobody listens")


def verified(comparison: Comparison, *inferred: str) -> Verified:
    return Verified(request=REQUEST, comparison=comparison, inferred=inferred)


def test_agreement():
    assert (
        verify_text([verified(AGREES, "port 80")], ["TLS to endpoints"], width=80)
        == """\
✓ GET bookstore/books  Envoy agrees
                osmscope                         Envoy
  filter chain  outbound_bookstore/bookstore_14  outbound_bookstore/bookstore_14
                001_http                         001_http
  virtual host  v                                v
  route         #0                               #0
  cluster       a                                a
  verdict       forwarded                        forwarded
  endpoint      10.0.0.1:80 or 10.0.0.2:80       10.0.0.1:80 or 10.0.0.2:80

  inferred     · port 80
  taken out    · TLS to endpoints
"""
    )


def test_a_difference_ends_where_it_is_and_names_are_harmless():
    assert (
        verify_text([verified(DIFFERS)], [], width=80)
        == """\
✗ GET bookstore/books  Envoy decides otherwise: virtual host
                osmscope                         Envoy
  filter chain  outbound_bookstore/bookstore_14  outbound_bookstore/bookstore_14
                001_http                         001_http
✗ virtual host  v                                \\x1b[31mw
  Envoy logged · {"kind":"http","code":404,"flags":"NR"}
"""
    )


def test_of_many_only_those_that_do_not_agree_are_shown():
    many = [verified(AGREES), verified(UNSENT)]
    assert summary(many) == "1 agrees, 0 differ, 1 could not be compared"
    text = verify_text(many, [], width=80)
    assert text.startswith("✓ q1  GET bookstore/books  Envoy agrees\n? q1  GET bookstore/books")
    assert "  because      · nobody listens\n" in text
    assert text.endswith("  in all       · 1 agrees, 0 differ, 1 could not be compared\n")


def test_colour_is_a_second_sign_only():
    text = verify_text([verified(DIFFERS)], [], width=80, color=True)
    assert "\x1b[31;1m✗\x1b[0m" in text
    assert "\x1b[31mw" not in text


PARTLY = Comparison(
    result="agree", simulated=SIMULATED, real=SIMULATED, reason="that is as far as it goes"
)


def test_an_agreement_that_ends_at_the_cluster_says_so():
    text = verify_text([verified(PARTLY)], [], width=80)
    assert "Envoy agrees, to the cluster" in text
    assert "because      · that is as far as it goes" in text
    several = verify_text([verified(PARTLY), verified(AGREES)], [], width=80)
    assert "2 agree (1 to the cluster alone), 0 differ" in several
    assert "because" not in several


def test_where_one_side_has_nothing_it_says_none():
    real = msgspec.structs.replace(SIMULATED, route="")
    found = Comparison(result="differ", simulated=SIMULATED, real=real, difference="route")
    assert "✗ route         #0                               none" in verify_text(
        [verified(found)], [], width=80
    )


def test_what_the_trace_assumed_stands_beside_a_difference():
    found = msgspec.structs.replace(DIFFERS, assumed=("a filter lets it go on",))
    assert "assumed      · a filter lets it go on" in verify_text([verified(found)], [], width=80)
