"""Substitution format strings: header values, hosts and paths with `%COMMANDS%`.

What Envoy does: each `%NAME(argument):length%` is replaced by a fact of the request, cut to the
length; `%%` is a percent sign. What is absent is empty, or `-` where a host is made.
Checked against Envoy 1.40.0. Not modelled: commands that need a clock, an environment or a
response's bytes; they are named as missing and leave nothing in the text. Whether a remote address
that equals the connection's came from a header (and so has port 0) is not told apart.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
import urllib.parse
from collections.abc import Callable

import msgspec

from osmscope.rules.facts import ClientCertificate, Headers, Request
from osmscope.rules.protobuf_json import protobuf_json

_TOKEN = re.compile(r"%%|%([A-Z0-9_]+)(?:\((.*?)\))?(?::([0-9]+))?%")
_PROTOCOLS = {"http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}
_NO_CERTIFICATE = ClientCertificate()
_ADDRESS = "envoy.network.ip"
"""The filter state whose text is not what it is as JSON."""


class FormatContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a format string can speak of."""

    request: Request
    route_name: str = ""
    cluster: str = ""
    observability_name: str = ""
    """The cluster's `alt_stat_name`; "" where that is its name."""
    response_headers: Headers | None = None
    """None before there is a response."""
    own_details: str = ""
    """The details of a reply that the router gives by itself, whose code is 0 yet; "" otherwise."""


class Formatted(msgspec.Struct, frozen=True):
    """A format string's text."""

    text: str
    missing: tuple[str, ...] = ()
    """The commands that cannot be told, each as it stands in the string; they left nothing."""

    @property
    def complete(self) -> bool:
        """Whether the text is exact."""
        return not self.missing


class _Command(msgspec.Struct, frozen=True):
    text: str
    name: str
    argument: str
    length: int | None


_Read = Callable[[str, FormatContext], str | None]
"""Reads the fact that a command with this argument asks for; None where it is absent."""


class _MissingError(Exception):
    """A fact that a command needs is not known."""


def format_text(template: str, context: FormatContext, absent: str = "") -> Formatted:
    """Replace the commands of a format string.

    Args:
        template: The format string.
        context: The facts.
        absent: What stands for a fact that is known to be absent.
    """
    parts: list[str] = []
    missing: list[str] = []
    for piece in _parsed(template):
        if isinstance(piece, str):
            parts.append(piece)
            continue
        try:
            value = _COMMANDS.get(piece.name, _not_modelled)(piece.argument, context)
        except _MissingError:
            missing.append(piece.text)
        else:
            is_there = bool(value) or (value is not None and piece.name in _MAY_BE_EMPTY)
            parts.append(_cut(value or "", piece.length) if is_there else absent)
    return Formatted("".join(parts), tuple(missing))


@functools.lru_cache(maxsize=4096)
def _parsed(template: str) -> tuple[str | _Command, ...]:
    pieces: list[str | _Command] = []
    end = 0
    for token in _TOKEN.finditer(template):
        pieces.append(template[end : token.start()])
        end = token.end()
        if token[1] is None:
            pieces.append("%")
        else:
            length = int(token[3]) if token[3] else None
            pieces.append(_Command(token[0], token[1], token[2] or "", length))
    pieces.append(template[end:])
    return tuple(piece for piece in pieces if piece)


def _cut(text: str, length: int | None) -> str:
    """Cut a text to a number of bytes; what is left of a character is shown as U+FFFD."""
    return text if length is None else text.encode()[:length].decode(errors="replace")


def _not_modelled(argument: str, context: FormatContext) -> str | None:
    raise _MissingError


def _header(headers: Headers, argument: str) -> str | None:
    name, _, alternative = argument.partition("?")
    value = headers.first(name)
    return headers.first(alternative) if value is None and alternative else value


def _response_header(argument: str, context: FormatContext) -> str | None:
    headers = context.response_headers
    return _header(headers, argument) if headers is not None else None


def _response_code(argument: str, context: FormatContext) -> str | None:
    if context.response_headers is not None and not context.own_details:
        raise _MissingError
    return "0"  # there is none before there is a response


def _response_code_details(argument: str, context: FormatContext) -> str | None:
    if not context.own_details:
        raise _MissingError
    return context.own_details


def _path(argument: str, context: FormatContext) -> str | None:
    query, _, source = argument.partition(":")
    headers = context.request.headers
    original = headers.first("x-envoy-original-path")
    if source == "ORIG":
        path = original
    elif source == "PATH":
        path = headers.first(":path")
    else:
        path = headers.first(":path") if original is None else original
    return path.partition("?")[0] if path and query == "NQ" else path


def _requested_server_name(argument: str, context: FormatContext) -> str | None:
    which, _, source = argument.partition(":")
    sni = context.request.connection.detected_server_name
    headers = context.request.headers
    original, host = headers.first("x-envoy-original-host"), headers.first(":authority")
    asked = {"ORIG": original, "HOST": host}.get(source, original or host)
    return {"SNI_FIRST": sni or asked, "HOST_FIRST": asked or sni}.get(which, sni)


def _query_parameter(argument: str, context: FormatContext) -> str | None:
    for part in context.request.path.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name == argument:
            return urllib.parse.unquote(value)
    return None


def _dynamic_metadata(argument: str, context: FormatContext) -> str | None:
    namespace, *keys = argument.split(":")
    value: object = context.request.metadata.get(namespace)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None and context.request.opaque_filters:
        raise _MissingError
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _filter_state(argument: str, context: FormatContext) -> str | None:
    key, _, kind = argument.partition(":")
    found = context.request.filter_state.get(key)
    if found is not None and found.text is not None:
        if kind == "PLAIN":
            return found.text
        if kind in ("TYPED", "") and found.factory != _ADDRESS:
            return protobuf_json(found.text)
    if found is not None or context.request.opaque_filters or key.startswith("envoy."):
        raise _MissingError
    return None


def _known(fact: str | int | None) -> str:
    if fact is None:
        raise _MissingError
    return str(fact)


def _address(ip: str | None, port: int | None) -> str:
    known = _known(ip)
    host = f"[{known}]" if ipaddress.ip_address(known).version == 6 else known
    return f"{host}:{_known(port)}"


def _remote_ip(request: Request) -> str:
    return _known(request.remote_ip or request.connection.source_ip)


def _remote_port(request: Request) -> int | None:
    # Before the client is found it is the peer.
    return request.connection.source_port if request.remote_ip is None else request.remote_port


def _certificate(context: FormatContext) -> ClientCertificate:
    return context.request.connection.peer_certificate or _NO_CERTIFICATE


def _of_request(
    read: Callable[[Request], str | None],
) -> Callable[[str, FormatContext], str | None]:
    return lambda _, context: read(context.request)


_COMMANDS: dict[str, _Read] = {
    "REQ": lambda argument, context: _header(context.request.headers, argument),
    "RESP": _response_header,
    "PATH": _path,
    "QUERY_PARAM": _query_parameter,
    "DYNAMIC_METADATA": _dynamic_metadata,
    "FILTER_STATE": _filter_state,
    "PROTOCOL": _of_request(lambda r: _PROTOCOLS.get(r.protocol)),
    "ROUTE_NAME": lambda _, context: context.route_name,
    "UPSTREAM_CLUSTER": lambda _, context: context.observability_name or context.cluster,
    "UPSTREAM_CLUSTER_RAW": lambda _, context: context.cluster,
    "UPSTREAM_REQUEST_ATTEMPT_COUNT": lambda _, context: "1",
    "RESPONSE_CODE": _response_code,
    "RESPONSE_CODE_DETAILS": _response_code_details,
    "FILTER_CHAIN_NAME": _of_request(lambda r: _known(r.connection.filter_chain_name)),
    "REQUESTED_SERVER_NAME": _requested_server_name,
    "DOWNSTREAM_REMOTE_ADDRESS": _of_request(lambda r: _address(_remote_ip(r), _remote_port(r))),
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": _of_request(_remote_ip),
    "DOWNSTREAM_REMOTE_PORT": _of_request(lambda r: _known(_remote_port(r))),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": _of_request(
        lambda r: _known(r.connection.direct_source_ip)
    ),
    "DOWNSTREAM_LOCAL_ADDRESS": _of_request(
        lambda r: _address(r.connection.destination_ip, r.connection.destination_port)
    ),
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": _of_request(
        lambda r: _known(r.connection.destination_ip)
    ),
    "DOWNSTREAM_LOCAL_PORT": _of_request(lambda r: _known(r.connection.destination_port)),
    "DOWNSTREAM_PEER_URI_SAN": lambda _, context: ",".join(_certificate(context).uri_sans),
    "DOWNSTREAM_PEER_DNS_SAN": lambda _, context: ",".join(_certificate(context).dns_sans),
    "DOWNSTREAM_PEER_SUBJECT": lambda _, context: _certificate(context).subject,
}
_MAY_BE_EMPTY = frozenset({"REQ", "RESP", "FILTER_STATE", "DYNAMIC_METADATA"})
"""Of these an empty text is there; of the others it means that there is none."""
