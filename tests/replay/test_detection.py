"""Which format the first lines have."""

from __future__ import annotations

import pytest

from osmscope.replay.configured import Configured
from osmscope.replay.detection import detect

JSON = b'{"method": "GET", "response_code": 200}'
ENVOY = (
    b'[2016-04-15T20:17:00.310Z] "GET / HTTP/1.1" 204 - 154 0 226 100 "-" "a" "b" "c" "10.0.2.1:80"'
)
OTHER = b"[2026-11-22 21:00:00.000][1][info][main] starting main dispatch loop"


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ([JSON], "JSON"),
        ([OTHER, JSON, JSON], "JSON"),
        ([ENVOY, OTHER], "Envoy's default text format"),
        ([JSON, ENVOY, ENVOY], "Envoy's default text format"),
        ([OTHER], None),
        ([], None),
    ],
)
def test_the_format_that_fits_most_lines(lines: list[bytes], name: str | None) -> None:
    found = detect(lines, Configured())
    assert (found and found.name) == name


def test_the_dumps_own_text_format() -> None:
    useless = ("%DURATION%", "%REQ(:METHOD)%%ROUTE_NAME%")
    found = detect([b"GET r"], Configured(text_formats=(*useless, "%REQ(:METHOD)% %ROUTE_NAME%")))
    assert found is not None
    assert found.name == "a text format of the dump"


def test_the_dumps_own_keys_are_known() -> None:
    found = detect([b'{"verb": "GET"}'], Configured(json_keys={("verb",): "%REQ(:METHOD)%"}))
    assert found is not None
    line = found.read(b'{"verb": "GET"}')
    assert line is not None
    assert line.method == "GET"
