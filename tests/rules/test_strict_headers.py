"""Headers that the router checks, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.strict_headers import strict_check

TIMEOUT = "x-envoy-upstream-rq-timeout-ms"
TRY = "x-envoy-upstream-rq-per-try-timeout-ms"
RETRIES = "x-envoy-max-retries"
ON = "x-envoy-retry-on"
GRPC_ON = "x-envoy-retry-grpc-on"


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        (TIMEOUT, "5", True),
        (TIMEOUT, "abc", False),
        (TIMEOUT, "-5", False),
        (TRY, "x", False),
        (RETRIES, "3", True),
        (RETRIES, "x", False),
        (RETRIES, "", False),
        (ON, "bogus", False),
        (ON, "5xx,bogus", False),
        (ON, "5xx, reset", True),
        (ON, "unavailable", False),
        (ON, "", True),
        (GRPC_ON, "5xx", False),
        (GRPC_ON, "cancelled", True),
    ],
)
def test_values(name: str, value: str, valid: bool) -> None:
    reply = strict_check([name], Headers.of([(name, value)]))
    assert (reply is None) is valid
    if reply is not None:
        assert (reply.code, reply.flags) == (400, ("IH",))
        assert reply.details == f"request_headers_failed_strict_check{{{name}}}"


@pytest.mark.parametrize(
    ("names", "failing"),
    [([], None), ([TIMEOUT], None), ([RETRIES, ON], RETRIES), ([ON, RETRIES], ON)],
)
def test_the_first_of_the_list_that_fails_ends_the_request(
    names: list[str], failing: str | None
) -> None:
    reply = strict_check(names, Headers.of([(ON, "bogus"), (RETRIES, "x")]))
    assert (reply is None) is (failing is None)
    if reply is not None:
        assert failing in (reply.details or "")
