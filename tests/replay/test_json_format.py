from __future__ import annotations

import json

import pytest

from osmscope.errors import UsageError
from osmscope.replay.json_format import JsonFormat, flattened, read_format
from osmscope.replay.log_format import JSON_KEYS


def test_a_given_json_format() -> None:
    text = '{"m": "%REQ(:METHOD)%", "t": "%REQ(X-TENANT)%", "kind": "access", "two": "%A% %B%"}'
    found = read_format(text).read(b'{"m": "GET", "t": null, "kind": "access"}')
    assert found is not None
    assert (found.method, found.headers) == ("GET", (("x-tenant", ""),))


@pytest.mark.parametrize("line", [b"", b"[]", b"7", b'{"x": 1}', b"\xff", b'{"method": "G', b"{}"])
def test_what_is_not_a_line_of_json_keys(line: bytes) -> None:
    assert JsonFormat(flattened(JSON_KEYS), "").read(line) is None


@pytest.mark.parametrize(
    ("value", "code"), [(503, 503), ("503", 503), ("-", 0), (None, 0), ([1], 0), ("many", 0)]
)
def test_json_values_of_any_type(value: object, code: int) -> None:
    line = json.dumps({"response_code": value, "method": {"a": 1}}).encode()
    found = JsonFormat(flattened(JSON_KEYS), "").read(line)
    assert found is not None
    assert (found.code, found.method) == (code, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no command", "names nothing of a request"),
        ("%DURATION%", "names nothing of a request"),
        ("%REQ(:METHOD)%%REQ(:PATH)%", "side by side"),
        ('{"a": 1}', "names nothing of a request"),
        ('{"a": "b"}', "names nothing of a request"),
        ('{"a": {"b": "c"}}', "names nothing of a request"),
        ('{"a"', "not a JSON object of format strings"),
    ],
)
def test_a_format_of_no_use_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_format(text)


NESTED = """{
 "request": {"line": "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%", "host": "%REQ(:AUTHORITY)%"},
 "response": {"code": "%RESPONSE_CODE%"}, "text": "took %DURATION% ms"
}"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            {"request": {"line": "GET /a b HTTP/1.1", "host": "h"}, "response": {"code": 200}},
            {
                "method": "GET",
                "path": "/a b",
                "protocol": "HTTP/1.1",
                "authority": "h",
                "code": 200,
            },
        ),
        ({"request": {"line": "no request", "host": "h"}}, {"method": None, "authority": "h"}),
        ({"request": {"line": 7}, "response": {"code": None}}, {"method": None, "code": 0}),
        ({"request": "", "response": {"code": "404"}}, {"method": None, "code": 404}),
    ],
)
def test_objects_may_nest_and_a_text_may_hold_several_commands(line, expected):
    found = read_format(NESTED).read(json.dumps(line).encode())
    assert found is not None
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(("path", "read"), [("/abc", "/abc"), ("/abcdefghi", None), ("-", "")])
def test_a_value_that_envoy_may_have_cut_is_none(path, read):
    text = '{"m": "%REQ(:METHOD)%", "p": "%REQ(:PATH):10%"}'
    found = read_format(text).read(json.dumps({"m": "GET", "p": path}).encode())
    assert found is not None
    assert found.path == read
