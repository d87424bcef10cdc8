"""Limits of streams, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route_policies import MaxStreamDuration
from osmscope.rules.facts import Headers
from osmscope.rules.stream_duration import limit_stream, tell_stream_limit

GRPC = ("content-type", "application/grpc")
NONE = MaxStreamDuration()
SEVEN = MaxStreamDuration(max_stream_duration="7s")
ASKED = MaxStreamDuration(grpc_timeout_header_max="0s")
CAPPED = MaxStreamDuration(grpc_timeout_header_max="2s", grpc_timeout_header_offset="0.1s")
BOTH = MaxStreamDuration(grpc_timeout_header_max="0s", max_stream_duration="9s")


@pytest.mark.parametrize(
    ("own", "common", "asked", "told"),
    [
        (None, "8s", "1S", "1S"),
        (NONE, None, "1S", "1S"),
        (NONE, "8s", None, "8000m"),
        (NONE, "8s", "1S", "8000m"),
        (NONE, "0s", "1S", "1S"),
        (SEVEN, None, None, "7000m"),
        (SEVEN, None, "1S", "7000m"),
        (SEVEN, "8s", "x", "7000m"),
        (MaxStreamDuration(max_stream_duration="0s"), "8s", "1S", "1S"),
        (MaxStreamDuration(max_stream_duration="200000s"), None, None, "200000S"),
        (MaxStreamDuration(max_stream_duration="1.2345s"), None, None, "1234m"),
        (ASKED, None, None, None),
        (ASKED, "8s", None, "8000m"),
        (ASKED, None, "1S", "1000m"),
        (ASKED, None, "1 S", "1000m"),
        (ASKED, None, "100n", "1m"),
        (ASKED, None, "x", "x"),
        (ASKED, None, "", ""),
        (ASKED, None, "200000000m", "200000000m"),
        (ASKED, None, "99999999H", "99999999H"),
        (CAPPED, None, "1S", "900m"),
        (CAPPED, None, "2H", "1900m"),
        (BOTH, None, None, "9000m"),
        (BOTH, None, "5m", "5m"),
        (BOTH, None, "S", "9000m"),
    ],
)
def test_what_a_grpc_endpoint_is_told(
    own: MaxStreamDuration | None, common: str | None, asked: str | None, told: str | None
) -> None:
    headers = Headers.of([GRPC, *([("grpc-timeout", asked)] if asked is not None else [])])
    limited = tell_stream_limit(own, common, headers)
    assert (limited.headers.first("grpc-timeout"), limited.assumption) == (told, "")


@pytest.mark.parametrize(("own", "asked"), [(ASKED, "0S"), (CAPPED, "5m")])
@pytest.mark.parametrize("pairs", [[GRPC], []])
def test_without_time_the_endpoint_has_to_be_quicker(
    own: MaxStreamDuration, asked: str, pairs: list[tuple[str, str]]
) -> None:
    limited = tell_stream_limit(own, None, Headers.of([*pairs, ("grpc-timeout", asked)]))
    assert limited.headers.first("grpc-timeout") == asked
    assert "0 ms" in limited.assumption


def test_others_are_limited_and_not_told() -> None:
    headers = Headers.of([("grpc-timeout", "1S")])
    assert tell_stream_limit(BOTH, None, headers).headers == headers
    limit = limit_stream(BOTH, None, headers)
    assert limit is not None
    assert limit.milliseconds == 1000


def test_nobody_limits() -> None:
    assert limit_stream(None, None, Headers()) is None
