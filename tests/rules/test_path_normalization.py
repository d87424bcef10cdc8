"""Path normalization, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.path_normalization import normalize

PATHS = [
    # as sent, normalize_path, normalize_path and merge_slashes, merge_slashes; None is refused
    ("/a//b", "/a//b", "/a/b", "/a/b"),
    ("/a/../b", "/b", "/b", "/a/../b"),
    ("/a/./b", "/a/b", "/a/b", "/a/./b"),
    ("/a/..", "/", "/", "/a/.."),
    ("/a/.", "/a/", "/a/", "/a/."),
    ("/..", "/", "/", "/.."),
    ("/../a", "/a", "/a", "/../a"),
    ("/a/b/../../", "/", "/", "/a/b/../../"),
    ("/%2e%2e/a", "/a", "/a", "/%2e%2e/a"),
    ("/a/%2E%2e/b", "/b", "/b", "/a/%2E%2e/b"),
    ("/a/.%2e/b", "/b", "/b", "/a/.%2e/b"),
    ("/a/%2e", "/a/", "/a/", "/a/%2e"),
    ("/a/b/..;x/c", "/a/c", "/a/c", "/a/b/..;x/c"),
    ("/a/.;x;y", "/a/", "/a/", "/a/.;x;y"),
    ("/a/..;b\\c/d", "/d", "/d", "/a/..;b\\c/d"),
    ("/a/b/%2e%2e;x/c", "/a/b/..;x/c", "/a/b/..;x/c", "/a/b/%2e%2e;x/c"),
    ("/a/..%3bx/c", "/a/..%3bx/c", "/a/..%3bx/c", "/a/..%3bx/c"),
    ("/a/b\\..;x\\c", "/a/b/..;x/c", "/a/b/..;x/c", "/a/b\\..;x\\c"),
    ("/a\\b", "/a/b", "/a/b", "/a\\b"),
    ("/a\\..\\b", "/b", "/b", "/a\\..\\b"),
    ("/a\\", "/a/", "/a/", "/a\\"),
    ("/%41%5a%7e%2d%2e%5f", "/AZ~-._", "/AZ~-._", "/%41%5a%7e%2d%2e%5f"),
    ("/a%20b", "/a%20b", "/a%20b", "/a%20b"),
    ("/a%2fb", "/a%2fb", "/a%2fb", "/a%2fb"),
    ("/a%2Fb", "/a%2Fb", "/a%2Fb", "/a%2Fb"),
    ("/a%5cb", "/a%5cb", "/a%5cb", "/a%5cb"),
    ("/a%00b", None, None, "/a%00b"),
    ("/a%zzb", "/a%zzb", "/a%zzb", "/a%zzb"),
    ("/a%4", "/a%4", "/a%4", "/a%4"),
    ("/a%", "/a%", "/a%", "/a%"),
    ("/a%c3%a9", "/a%c3%a9", "/a%c3%a9", "/a%c3%a9"),
    ('/a"b', "/a%22b", "/a%22b", '/a"b'),
    ("/a<b>", "/a%3Cb%3E", "/a%3Cb%3E", "/a<b>"),
    ("/a|b", "/a%7Cb", "/a%7Cb", "/a|b"),
    ("/a^b", "/a%5Eb", "/a%5Eb", "/a^b"),
    ("/a`b", "/a%60b", "/a%60b", "/a`b"),
    ("/a{b}", "/a%7Bb%7D", "/a%7Bb%7D", "/a{b}"),
    ("/a[b]", "/a[b]", "/a[b]", "/a[b]"),
    ("/a'b", "/a'b", "/a'b", "/a'b"),
    ("/a!b$&()*+,;=", "/a!b$&()*+,;=", "/a!b$&()*+,;=", "/a!b$&()*+,;="),
    ("/a:b@c", "/a:b@c", "/a:b@c", "/a:b@c"),
    ("/a;b/../c", "/c", "/c", "/a;b/../c"),
    ("/a?q//r/../x", "/a?q//r/../x", "/a?q//r/../x", "/a?q//r/../x"),
    ("/a/..?x=/..", "/?x=/..", "/?x=/..", "/a/..?x=/.."),
    ("//", "//", "//", "//"),
    ("//a", "//a", "/a", "/a"),
    ("///a/..//b", "////b", "/b", "/a/../b"),
    ("/a//../b", "/a/b", "/a/b", "/a/../b"),
    ("/a/../../../b", "/b", "/b", "/a/../../../b"),
    ("/...", "/...", "/...", "/..."),
    ("/a/..b", "/a/..b", "/a/..b", "/a/..b"),
    ("/a/b..", "/a/b..", "/a/b..", "/a/b.."),
    ("/%2f%2e%2e/a", "/%2f../a", "/%2f../a", "/%2f%2e%2e/a"),
    ("/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a"),
    ("/a/%2e%2e%2fb", "/a/..%2fb", "/a/..%2fb", "/a/%2e%2e%2fb"),
    ("/a%5c../b", "/a%5c../b", "/a%5c../b", "/a%5c../b"),
    ("/a/%2f../b", "/a/%2f../b", "/a/%2f../b", "/a/%2f../b"),
    ("/%61%2F%62?%61%2f", "/a%2Fb?%61%2f", "/a%2Fb?%61%2f", "/%61%2F%62?%61%2f"),
]

ESCAPED = [
    # action, options, as sent, as seen, code
    ("REJECT_REQUEST", False, "/a%2fb", "/a/b", 400),
    ("REJECT_REQUEST", False, "/a%5Cb", "/a\\b", 400),
    ("REJECT_REQUEST", False, "/%252e%252e/a", "/%252e%252e/a", None),
    ("REJECT_REQUEST", False, "/a%2f../b", "/a/../b", 400),
    ("REJECT_REQUEST", False, "/a?%2f", "/a?%2f", None),
    ("REJECT_REQUEST", False, "/%2f", "//", 400),
    ("REJECT_REQUEST", False, "/%2fa%5cb%2F?z%2f", "//a\\b/?z%2f", 400),
    ("REJECT_REQUEST", False, "/plain", "/plain", None),
    ("REJECT_REQUEST", False, "/a/../b%2fc", "/a/../b/c", 400),
    ("REJECT_REQUEST", True, "/a%2fb", "/a/b", 400),
    ("REJECT_REQUEST", True, "/a%5Cb", "/a\\b", 400),
    ("REJECT_REQUEST", True, "/%252e%252e/a", "/%252e%252e/a", None),
    ("REJECT_REQUEST", True, "/a%2f../b", "/a/../b", 400),
    ("REJECT_REQUEST", True, "/a?%2f", "/a?%2f", None),
    ("REJECT_REQUEST", True, "/%2f", "//", 400),
    ("REJECT_REQUEST", True, "/%2fa%5cb%2F?z%2f", "//a\\b/?z%2f", 400),
    ("REJECT_REQUEST", True, "/plain", "/plain", None),
    ("REJECT_REQUEST", True, "/a/../b%2fc", "/a/../b/c", 400),
    ("UNESCAPE_AND_REDIRECT", False, "/a%2fb", "/a/b", 307),
    ("UNESCAPE_AND_REDIRECT", False, "/a%5Cb", "/a\\b", 307),
    ("UNESCAPE_AND_REDIRECT", False, "/%252e%252e/a", "/%252e%252e/a", None),
    ("UNESCAPE_AND_REDIRECT", False, "/a%2f../b", "/a/../b", 307),
    ("UNESCAPE_AND_REDIRECT", False, "/a?%2f", "/a?%2f", None),
    ("UNESCAPE_AND_REDIRECT", False, "/%2f", "//", 307),
    ("UNESCAPE_AND_REDIRECT", False, "/%2fa%5cb%2F?z%2f", "//a\\b/?z%2f", 307),
    ("UNESCAPE_AND_REDIRECT", False, "/plain", "/plain", None),
    ("UNESCAPE_AND_REDIRECT", False, "/a/../b%2fc", "/a/../b/c", 307),
    ("UNESCAPE_AND_REDIRECT", True, "/a%2fb", "/a/b", 307),
    ("UNESCAPE_AND_REDIRECT", True, "/a%5Cb", "/a/b", 307),
    ("UNESCAPE_AND_REDIRECT", True, "/%252e%252e/a", "/%252e%252e/a", None),
    ("UNESCAPE_AND_REDIRECT", True, "/a%2f../b", "/b", 307),
    ("UNESCAPE_AND_REDIRECT", True, "/a?%2f", "/a?%2f", None),
    ("UNESCAPE_AND_REDIRECT", True, "/%2f", "//", 307),
    ("UNESCAPE_AND_REDIRECT", True, "/%2fa%5cb%2F?z%2f", "/a/b/?z%2f", 307),
    ("UNESCAPE_AND_REDIRECT", True, "/plain", "/plain", None),
    ("UNESCAPE_AND_REDIRECT", True, "/a/../b%2fc", "/b/c", 307),
    ("UNESCAPE_AND_FORWARD", False, "/a%2fb", "/a/b", None),
    ("UNESCAPE_AND_FORWARD", False, "/a%5Cb", "/a\\b", None),
    ("UNESCAPE_AND_FORWARD", False, "/%252e%252e/a", "/%252e%252e/a", None),
    ("UNESCAPE_AND_FORWARD", False, "/a%2f../b", "/a/../b", None),
    ("UNESCAPE_AND_FORWARD", False, "/a?%2f", "/a?%2f", None),
    ("UNESCAPE_AND_FORWARD", False, "/%2f", "//", None),
    ("UNESCAPE_AND_FORWARD", False, "/%2fa%5cb%2F?z%2f", "//a\\b/?z%2f", None),
    ("UNESCAPE_AND_FORWARD", False, "/plain", "/plain", None),
    ("UNESCAPE_AND_FORWARD", False, "/a/../b%2fc", "/a/../b/c", None),
    ("UNESCAPE_AND_FORWARD", True, "/a%2fb", "/a/b", None),
    ("UNESCAPE_AND_FORWARD", True, "/a%5Cb", "/a/b", None),
    ("UNESCAPE_AND_FORWARD", True, "/%252e%252e/a", "/%252e%252e/a", None),
    ("UNESCAPE_AND_FORWARD", True, "/a%2f../b", "/b", None),
    ("UNESCAPE_AND_FORWARD", True, "/a?%2f", "/a?%2f", None),
    ("UNESCAPE_AND_FORWARD", True, "/%2f", "//", None),
    ("UNESCAPE_AND_FORWARD", True, "/%2fa%5cb%2F?z%2f", "/a/b/?z%2f", None),
    ("UNESCAPE_AND_FORWARD", True, "/plain", "/plain", None),
    ("UNESCAPE_AND_FORWARD", True, "/a/../b%2fc", "/b/c", None),
]


def hcm(**options: object) -> HttpConnectionManager:
    return msgspec.convert(options, HttpConnectionManager)


@pytest.mark.parametrize("row", PATHS, ids=lambda row: row[0])
def test_path(row: tuple[str, ...]) -> None:
    sent, *expected = row
    managers = (
        hcm(normalize_path=True),
        hcm(normalize_path=True, merge_slashes=True),
        hcm(merge_slashes=True),
    )
    for manager, path in zip(managers, expected, strict=True):
        normalized = normalize(manager, sent)
        if path is None:
            assert normalized.reply is not None
            assert (normalized.reply.code, normalized.reply.flags) == (400, ())
            assert normalized.reply.details == "path_normalization_failed"
        else:
            assert (normalized.path, normalized.reply) == (path, None)
    assert normalize(hcm(), sent).path == sent


@pytest.mark.parametrize(("action", "both", "sent", "path", "code"), ESCAPED)
def test_escaped_slashes(action: str, both: bool, sent: str, path: str, code: int | None) -> None:
    manager = hcm(path_with_escaped_slashes_action=action, normalize_path=both, merge_slashes=both)
    normalized = normalize(manager, sent)
    assert normalized.path == path
    assert (normalized.reply and normalized.reply.code) == code
    if code == 307:
        assert normalized.reply is not None
        assert normalized.reply.location == path


@pytest.mark.parametrize("path", ["/a#x", "/a?b#x", "/#"])
def test_a_fragment_is_always_refused(path: str) -> None:
    reply = normalize(hcm(), path).reply
    assert reply is not None
    assert (reply.code, reply.details) == (400, "path_normalization_failed")
