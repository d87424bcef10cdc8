"""The three ways in which most filters end."""

from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.outcome import answered, assumed, goes_on
from osmscope.rules.local_reply import LocalReply

REQUEST = Request(connection=Connection(), headers=Headers())


def test_a_request_goes_on() -> None:
    (result,) = goes_on(REQUEST, "why", "field")
    assert (result.reply, result.reason, result.consulted) == (None, "why", ("field",))
    assert result.probability == 1


def test_a_request_is_answered() -> None:
    (result,) = answered(REQUEST, LocalReply(code=403, reason="no"), "field")
    assert result.reply is not None
    assert (result.reply.code, result.reason, result.consulted) == (403, "no", ("field",))


def test_a_condition_is_assumed() -> None:
    (result,) = assumed(REQUEST, "it is allowed")
    assert (result.reply, result.assumptions) == (None, ("it is allowed",))
