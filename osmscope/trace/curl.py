"""A pasted curl command, read as a request.

Decision: an option that does not change where a request goes (`-s`, `-v`, `-o FILE`) is known and
skipped; one that would and is not modelled is refused; one that is not known is named in a note,
because skipping it silently might answer another question than was asked.
"""

from __future__ import annotations

import re
import shlex
from typing import NoReturn
from urllib.parse import quote

import msgspec

from osmscope.errors import UsageError
from osmscope.resources.address import parse_ip, split_host_port
from osmscope.trace.target import Target, basic_authorization, parse_target

_ALIASES = {
    "-X": "--request", "-H": "--header", "-d": "--data", "-u": "--user", "-A": "--user-agent",
    "-b": "--cookie", "-e": "--referer", "-I": "--head", "-G": "--get", "-x": "--proxy",
    "-F": "--form", "-T": "--upload-file", "-r": "--range", "-0": "--http1.0", "-E": "--cert",
}  # fmt: skip
_DATA = frozenset({
    "--data", "--data-raw", "--data-ascii", "--data-binary", "--data-urlencode", "--json",
})  # fmt: skip
_HEADERS = {"--user-agent": "user-agent", "--referer": "referer", "--cookie": "cookie"}
_WITH_VALUE = frozenset({
    "--request", "--header", "--user", "--url", "--resolve", "--connect-to", "--proxy", "--form",
    "--upload-file", "--range", "--cert", "--request-target",
    "--oauth2-bearer", "--url-query", *_DATA, *_HEADERS,
})  # fmt: skip
_INERT = frozenset({
    "-s", "--silent", "-S", "--show-error", "-v", "--verbose", "-i", "--include", "-k",
    "--insecure", "-f", "--fail", "--fail-with-body", "-N", "--no-buffer", "-O", "--remote-name",
    "-#", "--progress-bar", "--http1.1", "--compressed-ssh", "-q", "-4", "-6",
    "--ipv4", "--ipv6", "-J", "--no-progress-meter", "--tlsv1.2", "--tlsv1.3",
    "--retry-all-errors", "--retry-connrefused", "--no-keepalive", "--trace-time", "--create-dirs",
})  # fmt: skip
_INERT_WITH_VALUE = frozenset({
    "-o", "--output", "-m", "--max-time", "--connect-timeout", "-w", "--write-out", "--retry",
    "--retry-delay", "-D", "--dump-header", "--cacert", "--capath", "-c", "--cookie-jar", "--key",
    "--trace", "--trace-ascii", "--stderr", "--retry-max-time", "--limit-rate", "-y", "-Y",
    "--noproxy", "--interface", "--keepalive-time", "--max-redirs", "--cert-type", "--key-type",
    "--pass", "--ciphers", "--tls-max", "--proto", "--dns-servers", "--local-port",
})  # fmt: skip
_REFUSED = {
    "--proxy": "the request would go to that proxy first",
    "--form": "multipart forms are not modelled",
    "--upload-file": "uploads are not modelled",
    "--next": "give one request at a time",
    "--config": "options in a file are not read",
    "-K": "options in a file are not read",
    "--unix-socket": "the request would not go to the URL's host",
}
_SHELL_ENDS = frozenset({"|", "||", "&&", "&", ";"})
_REDIRECTION = re.compile(r"\d*[<>]{1,2}(?P<target>.*)|&>(?P<both>.*)")
_RESOLVED = re.compile(r"(?P<host>\[[^]]*\]|[^:]*):(?P<port>[^:]*):(?P<to>.+)")
"""`HOST:PORT:…` of --resolve and --connect-to; IPv6 addresses are in brackets."""
_GLOB = re.compile(r"\{[^}]*\}|\[\w+-\w+(:\d+)?\]")
_HINT = "give the command as curl takes it: --curl \"curl -H 'name: value' http://host:port/path\""


class CurlRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a curl command asks for."""

    target: Target
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    protocol: str = ""
    """`h2` where it is asked for."""
    dst_ip: str | None = None
    """From `--resolve`, or from `--connect-to` an address."""
    dst_port: int | None = None
    notes: tuple[str, ...] = ()
    """Options that were not understood."""


def parse_curl(command: str) -> CurlRequest:
    """Read a curl command.

    Raises:
        UsageError: It is not one, has no URL, or uses an option that changes the way of a request
            and is not modelled.
    """
    try:
        command.encode()
        words = shlex.split(command.replace("\\\n", " "))
    except ValueError as error:
        raise UsageError(f"the curl command cannot be read: {error}", hint=_HINT) from None
    names = [word.rpartition("/")[2].removesuffix(".exe") for word in words]
    if "curl" not in names:
        raise UsageError("this is not a curl command", hint=_HINT)
    # What stands before it (`$`, `kubectl exec … --`) only says where it runs.
    options, urls, notes = _options(words[names.index("curl") + 1 :])
    urls = [value for name, value in options if name == "--url"] + urls
    if len(urls) != 1:
        found = "no URL" if not urls else f"{len(urls)} URLs"
        raise UsageError(f"the curl command has {found}", hint="give exactly one")
    return _request(urls[0], options, notes)


def _options(words: list[str]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Sort words into options with their values, URLs, and notes."""
    options: list[tuple[str, str]] = []
    urls: list[str] = []
    notes: list[str] = []
    rest = _separated(words)
    while rest:
        word = rest.pop(0)
        name = _ALIASES.get(word, word)
        if word in _SHELL_ENDS:
            break
        if redirection := _REDIRECTION.fullmatch(word):
            del rest[: 0 if redirection["target"] or redirection["both"] else 1]
        elif not word.startswith("-") or word == "-":
            urls.append(word)
        elif name in _REFUSED:
            _refuse(word, _REFUSED[name])
        elif name in _WITH_VALUE or name in _INERT_WITH_VALUE:
            if not rest:
                _refuse(word, "its value is missing")
            options.append((name, rest.pop(0)))
        elif name not in _INERT:
            options.append((name, ""))
    known = _WITH_VALUE | _INERT_WITH_VALUE | _FLAGS
    notes = [f"curl's option {name} is not modelled" for name, _ in options if name not in known]
    return options, urls, notes


_FLAGS = frozenset({"--head", "--get", "--http2", "--http2-prior-knowledge", "--compressed",
    "-L", "--location", "--http1.0", "-g", "--globoff", "--path-as-is"})  # fmt: skip


def _separated(words: list[str]) -> list[str]:
    """Take joined letters apart: `-sXPOST` is `-s -X POST`."""
    separated: list[str] = []
    for word in words:
        if not word.startswith("-") or word.startswith("--") or len(word) == 2 or word == "-":
            separated.append(word)
            continue
        letters = word[1:]
        while letters:
            flag, letters = "-" + letters[0], letters[1:]
            separated.append(flag)
            if _ALIASES.get(flag, flag) in _WITH_VALUE | _INERT_WITH_VALUE and letters:
                separated.append(letters)
                letters = ""
    return separated


def _request(url: str, options: list[tuple[str, str]], notes: list[str]) -> CurlRequest:
    names = {name for name, _ in options}
    if _GLOB.search(url) and not names & {"-g", "--globoff"}:
        raise UsageError(
            f"the URL {url!r} stands for several", hint="give one of them, or curl's option -g"
        )
    target = parse_target(url if "://" in url else "http://" + url)
    target = msgspec.structs.replace(target, path=_path(target.path, options))
    data = [_data(name, value) for name, value in options if name in _DATA]
    ip, port = _connection(options, target)
    return CurlRequest(
        target=target,
        method=_method(options, bool(data)),
        headers=tuple(_headers(options, target, bool(data))),
        protocol="h2" if names & {"--http2-prior-knowledge"} else "",
        dst_ip=ip,
        dst_port=port,
        notes=(*notes, *_notes(names)),
    )


def _path(path: str | None, options: list[tuple[str, str]]) -> str | None:
    """Return the path as curl sends it: without dot segments, with what options add."""
    names = {name for name, _ in options}
    if path is not None and "--path-as-is" not in names:
        path = _without_dot_segments(path)
    moved = _DATA if "--get" in names else frozenset()
    query = [_data(name, value) for name, value in options if name in moved | {"--url-query"}]
    if query:
        path = (path or "/") + ("&" if "?" in (path or "") else "?") + "&".join(query)
    return next((value for name, value in options if name == "--request-target"), path)


def _without_dot_segments(path: str) -> str:
    """Resolve `.` and `..` as curl does before it asks."""
    route, mark, query = path.partition("?")
    segments = route.split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1:] in ([".."], ["."]):
        kept.append("")
    return "/" + "/".join(kept) + mark + query


def _notes(names: set[str]) -> list[str]:
    notes = []
    if names & {"-L", "--location"}:
        notes.append("redirects are not followed: the answer is about the first request")
    if "--http2" in names:
        notes.append("--http2 negotiates: HTTP/1.1 is assumed unless --alpn h2 is given")
    return notes


def _method(options: list[tuple[str, str]], has_data: bool) -> str:
    names = [name for name, _ in options]
    explicit = [value for name, value in options if name == "--request"]
    if explicit:
        return explicit[-1]
    if "--head" in names:
        return "HEAD"
    return "POST" if has_data and "--get" not in names else "GET"


def _headers(
    options: list[tuple[str, str]], target: Target, has_data: bool
) -> list[tuple[str, str]]:
    """Return the headers that curl sends: those given, and its own where none was given."""
    texts = [value for name, value in options if name == "--header"]
    if any(text.startswith("@") for text in texts):
        _refuse("-H @FILE", "headers in a file are not read")
    headers = [header for text in texts if (header := _header(text))]
    headers += [header for name, value in options if (header := _of_option(name, value))]
    if target.authorization:
        headers.append(("authorization", target.authorization))
    given = {name.lower() for name, _ in headers}
    given |= {text[:-1].strip().lower() for text in texts if text.endswith(":")}
    defaults = [("user-agent", "curl/8.0.0"), ("accept", "*/*")]
    names = {name for name, _ in options}
    if has_data and "--get" not in names:
        kind = "json" if "--json" in names else "x-www-form-urlencoded"
        defaults.append(("content-type", f"application/{kind}"))
    return headers + [(name, value) for name, value in defaults if name not in given]


def _header(text: str) -> tuple[str, str] | None:
    """Read `name: value` or `name;`; `name:` takes one of curl's own headers away."""
    name, colon, value = text.partition(":")
    if colon:
        return (name.strip(), value.strip()) if value.strip() else None
    return (text[:-1].strip(), "") if text.endswith(";") else None


def _of_option(name: str, value: str) -> tuple[str, str] | None:
    if name in _HEADERS:
        return _HEADERS[name], value
    if name == "--user":
        return "authorization", basic_authorization(value)
    if name == "--oauth2-bearer":
        return "authorization", f"Bearer {value}"
    if name == "--range":
        return "range", f"bytes={value}"
    return ("accept-encoding", "deflate, gzip, br, zstd") if name == "--compressed" else None


def _data(name: str, value: str) -> str:
    if name not in ("--data-urlencode", "--url-query"):
        return value
    key, equals, content = value.partition("=")
    return f"{key}={quote(content, safe='')}" if equals and key else quote(content or key, safe="")


def _connection(options: list[tuple[str, str]], target: Target) -> tuple[str | None, int | None]:
    """Return the address that `--resolve` or `--connect-to` gives to the URL's host."""
    port = target.port or (443 if target.tls else 80)
    for name, value in options:
        found = _RESOLVED.fullmatch(value) if name in ("--resolve", "--connect-to") else None
        if found is None:
            continue
        named, named_port, to = found["host"].strip("[]"), found["port"], found["to"]
        if name == "--resolve":
            if named.lstrip("+") in (target.host, "*") and named_port == str(port):
                return to.partition(",")[0].strip("[]"), port
        else:
            host, to_port = split_host_port(to)
            if named in (target.host, "") and named_port in (str(port), ""):
                return (host if parse_ip(host) else None), to_port or port
    return None, None


def _refuse(option: str, reason: str) -> NoReturn:
    raise UsageError(f"curl's option {option} cannot be followed: {reason}", hint=_HINT)
