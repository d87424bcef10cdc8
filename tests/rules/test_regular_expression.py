"""Regular expressions, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.errors import DumpError
from osmscope.rules.regular_expression import full_match, replace_all


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("/a.*", "/ab", True),
        ("/a", "/ab", False),
        ("/a|/ab", "/ab", True),
        (".", "é", False),
        ("..", "é", True),
        ("[é]", "é", False),
        ("é", "é", True),
        ("(?i)É", "é", False),
        (r"\xc3\xa9", "é", True),
        (r"\pL+", "é", False),
    ],
)
def test_full_match(pattern: str, value: str, fits: bool) -> None:
    assert full_match(pattern, value) is fits


@pytest.mark.parametrize(
    ("pattern", "substitution", "value", "replaced"),
    [
        ("o", "0", "/foo/oo", "/f00/00"),
        ("^/foo/(.*)$", r"/new/\1", "/foo/a", "/new/a"),
        ("^/a", "/b", "/a/a", "/b/a"),
        ("/no", "/x", "/a", "/a"),
        ("a", r"<\0>", "xa", "x<a>"),
        ("(a)", r"\10", "a", "a0"),
        ("a", r"\\0", "a", r"\0"),
        ("(a)|b", r"<\1>", "ab", "<a><>"),
        ("x*", "-", "/rx3/x", "-/-r-3-/-"),
        (".*", "", "/rx", ""),
        ("é", "e", "/é/é", "/e/e"),
        ("a", "é", "ab", "éb"),
        (r"\xc3", "?", "é", "?\ufffd"),
    ],
)
def test_replace_all(pattern: str, substitution: str, value: str, replaced: str) -> None:
    assert replace_all(pattern, substitution, value) == replaced


@pytest.mark.parametrize("pattern", ["(?=a)", "("])
def test_an_expression_that_re2_refuses_is_an_error(pattern: str) -> None:
    with pytest.raises(DumpError, match=r"RE2 refuses the regular expression '[^']*': [^b]"):
        full_match(pattern, "a")
    with pytest.raises(DumpError, match=r"RE2 refuses the regular expression '[^']*': [^b]"):
        replace_all(pattern, "", "a")
