"""The referer header, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.referer import sanitize_referer


@pytest.mark.parametrize(
    ("referer", "stays"),
    [
        ("http://r", True),
        ("HTTP://r:80/x?y", True),
        ("android-app://com.x/", True),
        ("http://r/#", True),
        ("http://@r/", True),
        ("http://r/#f", False),
        ("http://u@r/", False),
        ("http://r_/", False),
        ("http://r,http://s", False),
        ("http://r/\u00e9", False),
        ("http://r/a b", False),
        ("about:blank", False),
        ("", True),
        ("r", True),
        ("1r,s*", True),
        ("r/x:y", True),
        ("//u@r/", True),
        ("/a?b", True),
        ("?a", True),
        ("r:80", False),
        ("r?x:y", False),
        ("?http://a", False),
        ("/a#b", False),
        ("/a|b", False),
        ("r s", False),
        ("/\u00e9", False),
    ],
)
def test_referer(referer: str, stays: bool) -> None:
    headers = sanitize_referer(Headers.of([("referer", referer), ("x", "1")]))
    assert ("referer" in headers) is stays
    assert "x" in headers


def test_none_is_none() -> None:
    assert sanitize_referer(Headers()) == Headers()
