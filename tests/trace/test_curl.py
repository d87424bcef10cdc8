from __future__ import annotations

import pytest

from osmscope.errors import UsageError
from osmscope.trace.curl import parse_curl

_OWN = {"user-agent": "curl/8.0.0", "accept": "*/*"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("command", "method", "headers"),
    [
        ("curl http://a", "GET", _OWN),
        ("curl -X PUT http://a", "PUT", _OWN),
        ("curl -XPUT -s http://a", "PUT", _OWN),
        ("curl -sSI a", "HEAD", _OWN),
        ("curl -d x=1 http://a", "POST", _OWN | _FORM),
        ("curl --json '{}' http://a", "POST", _OWN | {"content-type": "application/json"}),
        ("curl -X DELETE -d x http://a", "DELETE", _OWN | _FORM),
        ("curl -H 'A: b' http://a", "GET", _OWN | {"A": "b"}),
        ("curl -H 'Accept:' http://a", "GET", {"user-agent": "curl/8.0.0"}),
        ("curl -H 'x;' http://a", "GET", _OWN | {"x": ""}),
        ("curl -H 'user-agent: x' http://a", "GET", {"user-agent": "x", "accept": "*/*"}),
        ("curl -A x -e r -b c=1 http://a", "GET",
         {"user-agent": "x", "referer": "r", "cookie": "c=1", "accept": "*/*"}),
        ("curl -u u:p http://a", "GET", _OWN | {"authorization": "Basic dTpw"}),
        ("curl http://u:p@a", "GET", _OWN | {"authorization": "Basic dTpw"}),
        ("curl -r 0-9 --compressed http://a", "GET",
         _OWN | {"range": "bytes=0-9", "accept-encoding": "deflate, gzip, br, zstd"}),
        ("curl \\\n  -X PUT \\\n  http://a", "PUT", _OWN),
        ("$ curl http://a", "GET", _OWN),
        ("kubectl exec -n b pod/x -c app -- curl -s http://a", "GET", _OWN),
        ("curl.exe http://a", "GET", _OWN),
        ("curl -s http://a 2>&1 | jq .x", "GET", _OWN),
        ("curl http://a > /dev/null && echo ok", "GET", _OWN),
        ("curl http://a -H 'x: |' >out 2>/dev/null", "GET", _OWN | {"x": "|"}),
        ("curl --oauth2-bearer t http://a", "GET", _OWN | {"authorization": "Bearer t"}),
        ("/usr/bin/curl --url http://a -o /dev/null -w '%{http_code}'", "GET", _OWN),
    ],
)  # fmt: skip
def test_options_become_method_and_headers(command, method, headers):
    request = parse_curl(command)
    assert (request.method, dict(request.headers), request.notes) == (method, headers, ())


def test_get_moves_the_data_into_the_query():
    request = parse_curl("curl -G --data-urlencode 'q=a b' -d c=d 'http://a/x?y=1'")
    assert (request.method, request.target.path) == ("GET", "/x?y=1&q=a%20b&c=d")


@pytest.mark.parametrize(
    ("option", "address"),
    [
        ("--resolve a:80:10.0.0.1", ("10.0.0.1", 80)),
        ("--resolve '*:80:10.0.0.1'", ("10.0.0.1", 80)),
        ("--resolve b:80:10.0.0.1", (None, None)),
        ("--connect-to a:80:10.0.0.2:81", ("10.0.0.2", 81)),
        ("--connect-to ::10.0.0.2:81", ("10.0.0.2", 81)),
        ("--connect-to a:80:other:81", (None, 81)),
    ],
)
def test_an_address_given_for_the_host_is_the_destination(option, address):
    request = parse_curl(f"curl {option} http://a")
    assert (request.dst_ip, request.dst_port) == address


@pytest.mark.parametrize(
    ("command", "note"),
    [
        ("curl --doh http://a", "curl's option --doh is not modelled"),
        ("curl -L http://a", "redirects are not followed"),
        ("curl --http2 http://a", "--http2 negotiates"),
    ],
)
def test_what_is_not_followed_is_named(command, note):
    assert parse_curl(command).notes[0].startswith(note)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("wget http://a", "not a curl command"),
        ("", "not a curl command"),
        ("curl --unix-socket /s http://a", "would not go to the URL's host"),
        ("curl -H @file http://a", "headers in a file"),
        ("curl http://a/{b,c}", "stands for several"),
        ("curl http://a/[1-3]", "stands for several"),
        ("curl $URL", "never in a host"),
        ("curl 'http://a", "cannot be read"),
        ("curl -u \udcff http://a", "cannot be read"),
        ("curl -s", "no URL"),
        ("curl http://a http://b", "2 URLs"),
        ("curl -x proxy:1 http://a", "would go to that proxy"),
        ("curl http://a -H", "its value is missing"),
        ("curl -F a=b http://a", "multipart"),
        ("curl -H", "its value is missing"),
    ],
)
def test_what_cannot_be_followed_is_refused(command, words):
    with pytest.raises(UsageError, match=words):
        parse_curl(command)


def test_prior_knowledge_means_http2():
    assert parse_curl("curl --http2-prior-knowledge a").protocol == "h2"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("curl http://a", None),
        ("curl http://a/b/../c?d=/../e", "/c?d=/../e"),
        ("curl http://a/b/./c/..", "/b/"),
        ("curl http://a/../..", "/"),
        ("curl http://a//b", "//b"),
        ("curl --path-as-is http://a/b/../c", "/b/../c"),
        ("curl --request-target /x http://a/b", "/x"),
        ("curl --url-query 'q=a b' http://a/x", "/x?q=a%20b"),
        ("curl -g http://a/{b,c}", "/{b,c}"),
    ],
)
def test_the_path_is_the_one_that_curl_sends(command, path):
    assert parse_curl(command).target.path == path


def test_a_port_that_is_none_is_not_followed():
    assert parse_curl("curl --connect-to a:80:b:x http://a").dst_port == 80
