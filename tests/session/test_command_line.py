from __future__ import annotations

import subprocess

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osmscope.cli.trace import command
from osmscope.errors import UsageError
from osmscope.session.command_line import (
    option_words_of,
    same_request,
    spelled,
    trace_command,
)
from osmscope.session.sources import SourceOptions
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import CertificateFacts, TraceRequest

_TOKEN = st.text("abcXYZ019-_.", min_size=1, max_size=8)
_TEXT = st.text("ab /?#&=:;'\"$`\\é\x1b\n*", max_size=12)
_HOST = st.from_regex(r"[a-z][a-z0-9-]{0,8}(\.[a-z]{1,5}){0,2}(:[1-9][0-9]{0,3})?", fullmatch=True)
_IP = st.sampled_from(["10.0.0.1", "192.0.2.7", "fd00::1", "::1"])
_PORT = st.integers(1, 65535)


def _optional(strategy):
    return st.none() | strategy


_CERTIFICATE = st.builds(
    CertificateFacts,
    uri_sans=st.lists(_TOKEN, max_size=2).map(tuple),
    dns_sans=st.lists(_TOKEN, max_size=2).map(tuple),
    subject=_TEXT,
    trusted=_optional(st.booleans()),
)
_HEADERS = st.dictionaries(
    _TOKEN.map(str.lower).filter(lambda name: name != "host"),
    _TEXT.map(str.strip) | st.lists(_TOKEN, min_size=2, max_size=2).map(tuple),
    max_size=2,
)
_REQUESTS = st.builds(
    TraceRequest,
    listener=_optional(_TEXT),
    direction=_optional(st.sampled_from(["outbound", "inbound"])),
    dst_ip=_IP,
    dst_port=_PORT,
    src_ip=_optional(_IP),
    src_port=_optional(_PORT),
    direct_src_ip=_optional(_IP),
    node_ip=_optional(_IP),
    tls=_optional(st.booleans()),
    sni=_optional(_HOST),
    alpn=_optional(st.lists(_TOKEN, max_size=3).map(tuple)),
    client_certificate=_optional(_CERTIFICATE),
    protocol=_optional(st.sampled_from(["http/1.1", "h2", "tcp", "udp"])),
    method=_optional(_TOKEN),
    host=_HOST | _TEXT.filter(bool).map(str.strip).filter(bool),
    path=_optional(_TEXT.map("/{}".format)),
    headers=_optional(_HEADERS),
    random_value=_optional(st.integers(0, 2**64 - 1)),
    runtime=_optional(st.dictionaries(_TOKEN, _TEXT | st.integers() | st.booleans(), max_size=2)),
    now=_optional(st.integers(0, 2**40) | st.just("2026-01-31T12:00:00Z")),
)


def _parsed(line: str) -> TraceRequest:
    """What the command line reads, after the shell took it apart."""
    # bash alone knows `$'…'`; NUL separates what it made of the words.
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True
    ).stdout.split(b"\0")[:-1]
    context = command.make_context("trace", [word.decode() for word in words[2:]])
    arguments = context.params["arguments"]
    options = msgspec.convert(context.params, RequestOptions)
    typed = typed_request(arguments[-1], options)
    return typed.finished(typed.request)


def _command(request: TraceRequest) -> str:
    said = spelled(request)
    return trace_command("dump.json", SourceOptions(), said.target, said.options)


@settings(max_examples=150, deadline=None)
@given(_REQUESTS)
def test_a_command_line_means_the_request_it_was_written_of(request_):
    # Inbound, an SNI without `tls` is TLS on a command line, and stays open in a line of JSON.
    if request_.direction == "inbound" and request_.sni:
        request_ = msgspec.structs.replace(request_, tls=True)
    assert same_request(_parsed(_command(request_)), request_)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"host": "a:80", "dst_port": 80}, "a:80 -H 'host: a:80'"),
        ({"host": "a", "dst_port": 80}, "a --dst-port 80"),
        ({"host": "a:81", "path": "/x?y=1"}, "'a:81/x?y=1'"),
        ({"host": "a:81", "path": "/x#y"}, "a:81 --path '/x#y'"),
        ({"host": "a:81", "method": "PUT", "headers": {"x": ("1", "")}},
         "a:81 -X PUT -H 'x: 1' -H 'x;'"),
        ({"dst_ip": "10.0.0.1", "dst_port": 5, "protocol": "tcp"}, "10.0.0.1:5 --tcp"),
        ({"dst_port": 5, "protocol": "tcp"}, "localhost:5 --tcp"),
        ({"dst_ip": "10.0.0.1", "dst_port": 5, "protocol": "udp"}, "10.0.0.1:5 --udp"),
        ({"host": "a:81", "tls": True, "sni": "a"}, "a:81 --tls"),
        ({"host": "a:81", "tls": True, "sni": "b"}, "a:81 --sni b"),
        ({"host": "a:81", "tls": True}, "a:81 --tls --sni ''"),
        ({"host": "a:81", "tls": False, "direction": "inbound"},
         "a:81 --no-tls --direction inbound"),
        ({"host": "a:81", "direction": "inbound"}, "a:81 --direction inbound"),
        ({"host": "a b", "dst_ip": "10.0.0.1", "dst_port": 80},
         "10.0.0.1:80 -H 'host: a b'"),
        ({"host": "a:81", "client_certificate": CertificateFacts()},
         "a:81 --client-cert-subject ''"),
        ({"host": "a:81", "client_certificate": CertificateFacts(trusted=False)},
         "a:81 --client-cert-untrusted"),
        ({"host": "a:81", "runtime": {"k": "1", "l": "x", "m": 1}},
         "a:81 --runtime 'k=\"1\"' --runtime l=x --runtime m=1"),
        ({"host": "a:81", "headers": {"x": "\x1b[1m'"}}, "a:81 -H $'x: \\x1b[1m\\''"),
        ({"host": "a:81", "listener": "-x"}, "a:81 --listener=-x"),
    ],
)  # fmt: skip
def test_only_what_is_needed_is_written(fields, line):
    assert _command(TraceRequest(**fields)) == f"osmscope trace dump.json {line}"


@pytest.mark.parametrize(
    ("source", "options", "line"),
    [
        ("pod", SourceOptions(from_="a mesh"), "osmscope trace pod --from 'a mesh' a:1"),
        (None, SourceOptions(dump="d", clusters="c"), "osmscope trace --dump d --clusters c a:1"),
        ("pod", SourceOptions(namespace="a", context="b", kubeconfig="c", admin_port=1,
                              request_timeout=2.5),
         "osmscope trace pod --kubeconfig c --context b -n a --admin-port 1"
         " --request-timeout 2.5 a:1"),
        ("pod", SourceOptions(full=True), "osmscope trace pod --full a:1"),
        ("-x", SourceOptions(), "osmscope trace -- -x a:1"),
        ("-", SourceOptions(), "osmscope trace - a:1"),
    ],
)  # fmt: skip
def test_the_source_is_written_as_it_was_given(source, options, line):
    assert trace_command(source, options, "a:1", RequestOptions()) == line


@pytest.mark.parametrize("field", SourceOptions.__struct_fields__)
def test_every_source_option_is_written_with_a_name_that_the_command_has(field):
    line = trace_command("pod", SourceOptions(**{field: 7}), "a:1", RequestOptions())
    assert line.split()[3] in {name for option in command.params for name in option.opts}


def test_a_curl_command_stands_for_the_target():
    line = trace_command("d", SourceOptions(), None, RequestOptions(curl="curl a"))
    assert line == "osmscope trace d --curl 'curl a'"


@pytest.mark.parametrize(
    "fields",
    [{"host": "a b"}, {"host": "a:1", "alpn": ("x,y",)}, {"host": None}],
    ids=["no target", "a comma in an ALPN", "nowhere to go"],
)
def test_what_no_command_line_can_say_is_an_error(fields):
    with pytest.raises(UsageError, match="cannot be"):
        spelled(TraceRequest(**fields))


@pytest.mark.parametrize("field", RequestOptions.__struct_fields__)
def test_every_option_is_written_with_a_name_that_the_command_has(field):
    is_list = isinstance(getattr(RequestOptions(), field), tuple)
    words = list(option_words_of(RequestOptions(**{field: ("x",) if is_list else True})))
    assert words[0] in {name for option in command.params for name in option.opts}
