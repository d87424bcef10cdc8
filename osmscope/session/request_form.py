"""A request as the fields of a form, all of them texts as typed; read while they are typed.

Decision: a field that cannot be read yet is an error of that field, in words, and no reading at
all; an empty field says nothing. What a form says and what options say is the same: one is written
from the other.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping

import msgspec

from osmscope.errors import OsmscopeError, UsageError
from osmscope.resources.address import parse_ip
from osmscope.session.typed_request import RequestOptions, Typed, typed_request
from osmscope.trace.request import TraceRequest
from osmscope.trace.target import parse_target

NOTHING = "-"
"""What stands for an empty text, where an empty field says nothing: no SNI, no subject. A text of
nothing but dashes has one more of them in a form."""
_YES = ("yes", "true", "on", "1")
_NO = ("no", "false", "off", "0")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form."""

    name: str
    label: str
    hint: str
    """What stands in it while it is empty."""
    is_folded: bool = False
    """Whether it is only shown when it is asked for, or says something."""


FIELDS: tuple[Field, ...] = (
    Field(name="target", label="target", hint="host:port/path, a URL, IP:port, a curl command"),
    Field(name="method", label="method", hint="GET"),
    Field(name="path", label="path", hint="that of the target"),
    Field(name="direction", label="side", hint="outbound, or inbound"),
    Field(name="src_ip", label="source", hint="the client's IP"),
    Field(name="sni", label="SNI", hint="means TLS"),
    Field(name="tls", label="TLS", hint="yes or no", is_folded=True),
    Field(name="alpn", label="ALPN", hint="h2,http/1.1", is_folded=True),
    Field(name="protocol", label="protocol", hint="http/1.1, h2 or tcp", is_folded=True),
    Field(name="dst_ip", label="dst IP", hint="looked up", is_folded=True),
    Field(name="dst_port", label="dst port", hint="the target's", is_folded=True),
    Field(name="listener", label="listener", hint="by address", is_folded=True),
    Field(name="client_cert_dns", label="cert DNS", hint="names in its certificate",
          is_folded=True),
    Field(name="client_cert_uri", label="cert URI", hint="spiffe://…", is_folded=True),
    Field(name="client_cert_subject", label="subject", hint="of its certificate", is_folded=True),
    Field(name="client_cert_trusted", label="trusted", hint="yes or no; assumed", is_folded=True),
    Field(name="src_port", label="src port", hint="the client's port", is_folded=True),
    Field(name="direct_src_ip", label="TCP peer", hint="the source", is_folded=True),
    Field(name="node_ip", label="node IP", hint="Envoy's own", is_folded=True),
    Field(name="random_value", label="random", hint="fixes weighted choices", is_folded=True),
    Field(name="now", label="time", hint="2026-01-31T12:00:00Z", is_folded=True),
    Field(name="runtime", label="runtime", hint="key=value …", is_folded=True),
)  # fmt: skip
"""All fields but the headers, which are a list of their own."""
BY_NAME = {field.name: field for field in FIELDS}
"""Fields by name."""


class RequestForm(msgspec.Struct, frozen=True):
    """What is typed."""

    values: Mapping[str, str] = {}
    """Texts by the names of fields; empty ones may be left out."""
    headers: tuple[str, ...] = ()
    """`name: value` each."""

    def text(self, name: str) -> str:
        """Return the text of a field."""
        return self.values.get(name, "")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a form says, or what is wrong with it."""

    target: str | None = None
    options: RequestOptions = RequestOptions()
    typed: Typed | None = None
    """The request; None where a field cannot be read, or no target is given yet."""
    errors: Mapping[str, str] = {}
    """Words by the names of fields; `headers.N` for a header."""


def read_form(form: RequestForm) -> Reading:
    """Read a form."""
    errors: dict[str, str] = {}
    said: dict[str, object] = {}
    for name, read in _READERS.items():
        text = form.text(name).strip()
        if text:
            said[name] = _tried(errors, name, read, text)
    for index, text in enumerate(form.headers):
        if text.strip():
            _tried(errors, f"headers.{index}", _check_header, text)
    headers = tuple(text.strip() for text in form.headers if text.strip())
    spoken = _SPOKEN.get(str(said.pop("protocol", "")), "")
    if errors:
        said = {}
    options = msgspec.convert(
        {**said, "headers": headers, **({spoken: True} if spoken else {})}, RequestOptions
    )
    return _with_target(form.text("target").strip(), options, errors)


_SPOKEN = {"tcp": "tcp", "udp": "udp", "http/1.1": "http1", "h2": "http2"}


def _with_target(target: str, options: RequestOptions, errors: dict[str, str]) -> Reading:
    is_curl = target.startswith("curl ")
    if is_curl:
        options = msgspec.structs.replace(options, curl=target)
    elif target:
        _tried(errors, "target", parse_target, target)
    given = None if is_curl or not target else target
    if errors or not target:
        return Reading(target=given, options=options, errors=errors)
    try:
        typed = typed_request(given, options)
    except OsmscopeError as error:
        where = "target" if is_curl else ""
        return Reading(target=given, options=options, errors={where: _words(error)})
    return Reading(target=given, options=options, typed=typed)


def _tried(errors: dict[str, str], name: str, read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except OsmscopeError as error:
        errors[name] = _words(error)
        return None


def _words(error: OsmscopeError) -> str:
    """Say what is wrong, without what the field itself shows."""
    _, cut, reason = error.message.partition("cannot be read: ")
    return reason if cut else error.message


def _ip(text: str) -> str:
    if parse_ip(text) is None:
        raise UsageError("not an IP address", hint="")
    return text


def _number(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not 0 <= int(text[:21]) <= most:
            raise UsageError(f"not a number from 0 to {most}", hint="")
        return int(text)

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = [one for one in choices if one.startswith(text.lower())]
        if len(found) != 1:
            raise UsageError(f"{', '.join(choices[:-1])} or {choices[-1]}", hint="")
        return found[0]

    return read


def _yes_or_no(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise UsageError("yes or no", hint="")


def _text(text: str) -> str:
    return text[1:] if set(text) == {NOTHING} else text


def _words_of(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise UsageError("a quotation mark is open", hint="") from None


def _list(text: str) -> tuple[str, ...]:
    return (text,)


def _runtime(text: str) -> tuple[str, ...]:
    words = _words_of(text)
    for word in words:
        key, equals, _ = word.partition("=")
        if not key or not equals:
            raise UsageError(f"key=value, not {word}", hint="")
    return words


def _check_header(text: str) -> None:
    name, colon, _ = text.partition(":")
    if not name.strip() or not (colon or text.rstrip().endswith(";")):
        raise UsageError("name: value", hint="")


_READERS: dict[str, Callable[[str], object]] = {
    "method": _text,
    "path": _text,
    "direction": _one_of("outbound", "inbound"),
    "src_ip": _ip,
    "sni": _text,
    "tls": _yes_or_no,
    "alpn": _list,
    "protocol": _one_of("http/1.1", "h2", "tcp", "udp"),
    "dst_ip": _ip,
    "dst_port": _number(2**16 - 1),
    "listener": _text,
    "client_cert_dns": _words_of,
    "client_cert_uri": _words_of,
    "client_cert_subject": _text,
    "client_cert_trusted": _yes_or_no,
    "src_port": _number(2**16 - 1),
    "direct_src_ip": _ip,
    "node_ip": _ip,
    "random_value": _number(2**64 - 1),
    "now": _text,
    "runtime": _runtime,
}


def form_of(target: str | None, options: RequestOptions) -> RequestForm:
    """Write a form from what a command line says."""
    values: dict[str, str] = {}
    given = options.curl if target is None else target
    if given:
        values["target"] = given
    for name in _READERS:
        spoken = _protocol(options) if name == "protocol" else None
        text = _written(name, getattr(options, name)) if spoken is None else spoken
        if text:
            values[name] = text
    return RequestForm(values, options.headers)


def _protocol(options: RequestOptions) -> str:
    if options.tcp or options.udp:
        return "udp" if options.udp else "tcp"
    return "http/1.1" if options.http1 else "h2" if options.http2 else ""


def _written(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(value) if name == "alpn" else shlex.join(value)
    text = str(value)
    return text if set(text) - {NOTHING} else NOTHING + text


def with_fields(form: RequestForm, fields: Mapping[str, object]) -> RequestForm:
    """Change a form as a near miss says, by fields of a request line.

    Raises:
        UsageError: A field has no place in a form.
    """
    values, headers = dict(form.values), form.headers
    for name, value in fields.items():
        if name == "host":
            values["target"] = _with_host(form.text("target"), str(value))
            headers = tuple(one for one in headers if not one.lower().startswith("host:"))
        elif name == "path":
            values["path"] = str(value)
        elif name == "headers":
            headers = tuple(_headers(headers, value))
        else:
            values |= _other(name, value)
    return RequestForm({name: text for name, text in values.items() if text}, headers)


def _with_host(target: str, host: str) -> str:
    """Put another host into a target, and keep its path and scheme."""
    try:
        found = parse_target(target)
        parse_target(host)
    except UsageError:
        return host
    scheme = f"{found.scheme}://" if found.scheme else ""
    return f"{scheme}{host}{found.path or ''}"


def _headers(before: Iterable[str], wanted: object) -> Iterable[str]:
    if not isinstance(wanted, Mapping):
        return
    for text in before:
        if text.lower().startswith("host:"):
            yield text
    for name, values in wanted.items():
        for value in (values,) if isinstance(values, str) else values:
            yield f"{name}: {value}" if value else f"{name};"


def _other(name: str, value: object) -> dict[str, str]:
    if name == "client_certificate":
        request = msgspec.structs.replace(TraceRequest(), client_certificate=value)
        options = _certificate_options(request)
        return {one: _written(one, getattr(options, one)) for one in _OF_CERTIFICATE}
    if name not in BY_NAME:
        raise UsageError(f"{name} has no place in the form", hint="")
    if name == "alpn" and isinstance(value, tuple | list):
        return {name: ",".join(map(str, value))}
    return {name: _written(name, value)}


_OF_CERTIFICATE = (
    "client_cert_dns", "client_cert_uri", "client_cert_subject", "client_cert_trusted",
)  # fmt: skip


def _certificate_options(request: TraceRequest) -> RequestOptions:
    certificate = request.client_certificate
    if certificate is None:
        return RequestOptions()
    return RequestOptions(
        client_cert_dns=certificate.dns_sans,
        client_cert_uri=certificate.uri_sans,
        client_cert_subject=certificate.subject or None,
        client_cert_trusted=certificate.trusted,
    )
