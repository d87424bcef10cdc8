import json

import pytest

from osmscope.dump import yaml_text
from osmscope.errors import DumpError


def read(text: str) -> object:
    return json.loads(yaml_text.json_of_yaml(text.encode(), where="f"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: true", True),
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: 2021-07-26T20:40:24Z", "2021-07-26T20:40:24Z"),
        ("a: 12:30:45", "12:30:45"),
        ("a: 10.0.0.1", "10.0.0.1"),
        ("a: 0123", "0123"),
        ("a: 5", 5),
        ("a: -5", -5),
        ("a: 1.5", 1.5),
        ("a: 0x1F", "0x1F"),
        ("a: 1_000", "1_000"),
        ("a: '5'", "5"),
        ("a: null", None),
        ("a:", None),
        ("a: ~", None),
        ("a: {b: [1, x]}", {"b": [1, "x"]}),
    ],
)
def test_scalars_are_what_json_could_say(text: str, value: object) -> None:
    assert read(text) == {"a": value}


def test_keys_are_text() -> None:
    assert read("80: a\ntrue: b") == {"80": "a", "true": "b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("- " * 1000 + "a", "nested deeper"),
        ("just words", "starts with 'just words'"),
        ("a: b: c", "wrong at line 1"),
        ("a: !!python/object:os.system x", "not a config dump"),
        ("? [a]\n: b", "not a config dump"),
        ("\x01", "not a config dump"),
    ],
)
def test_what_is_no_dump_in_yaml_is_refused(text: str, message: str) -> None:
    with pytest.raises(DumpError, match=message) as caught:
        read(text)
    assert str(caught.value).isprintable()


def test_yaml_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MAXIMUM_SIZE", 3)
    with pytest.raises(DumpError, match="too large"):
        read("a: 1")
