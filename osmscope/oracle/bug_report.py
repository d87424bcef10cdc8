"""A difference, made ready to be reported: as little of the dump as still shows it, without names.

Decision: nothing is offered that was not tried. Each candidate is put to a real Envoy again, and
the first that differs in the same field is the report; without one the report has no dump in it.
Addresses and paths stay, because prefixes and ranges decide by them; certificates never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from osmscope import __version__
from osmscope.dump.sections import Dump
from osmscope.oracle.comparison import Comparison
from osmscope.oracle.json_tree import Json, message, messages, nested, text, typed
from osmscope.resources.proxy import Proxy
from osmscope.trace.request import TraceRequest

Verify = Callable[[Proxy, TraceRequest], Comparison]

_SECTIONS = (
    ("listener", "ListenersConfigDump", "static_listeners", "listener"),
    ("cluster", "ClustersConfigDump", "static_clusters", "cluster"),
    ("route_config", "RoutesConfigDump", "dynamic_route_configs", "route_config"),
    ("endpoint", "EndpointsConfigDump", "dynamic_endpoint_configs", "endpoint_config"),
    ("secret", "SecretsConfigDump", "dynamic_active_secrets", "secret"),
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{2,}")
_POD_SUFFIX = re.compile(r"(?<=-)[0-9a-z]{8,10}-[0-9a-z]{5}\b")
_KEPT = """
    http https tcp tls envoy outbound inbound virtual host listener filter filters chain route
    cluster local svc egress ingress rds default com org net www mesh passthrough prefix match
    network listeners extensions connection manager proxy inspector original dst router rbac
    osm client server first cert root mtls validation service for sidecar
"""
"""Words that are nobody's name."""
_NAMED = ("name", "cluster_name", "cluster", "domains", "server_names", "service_name")
_PEOPLE = (
    "principal_name", "match_subject_alt_names", "match_typed_subject_alt_names",
    "requested_server_name",
)  # fmt: skip
"""Fields in which every text is somebody's name."""
_MAPS = frozenset({
    "policies", "typed_per_filter_config", "per_filter_config", "source_codes", "map", "providers",
    "requirement_map", "filter_metadata", "filters",
})  # fmt: skip
"""Fields whose keys are names, and none of Envoy's own."""
_LEFT_OUT = frozenset({
    "inline_bytes", "certificate_chain", "private_key", "access_log", "tracing",
})  # fmt: skip
_EMPTIED = "trusted_ca"
"""That there is one decides whether a client's certificate is looked at."""
_CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key")
_HIDDEN = "redacted"


def bug_report(proxy: Proxy, request: TraceRequest, found: Comparison, verify: Verify) -> str:
    """Write the report of a difference, as Markdown.

    Args:
        proxy: The sidecar.
        request: The request, as both were asked.
        found: How they differ.
        verify: Puts a request to a trace and to a real Envoy again.
    """
    whole = _serving(proxy)
    for dump in (_reduced(whole, found), whole):
        nameless = Pseudonyms(dump, request)
        smaller = nameless.of_dump(dump)
        again = Proxy(Dump.read(msgspec.json.encode(smaller), where="the bug report"))
        mentioned = str(dump).lower()
        for discreet in (_without_values(request, mentioned), request):
            asked = nameless.of_request(discreet, mentioned)
            compared = verify(again, asked)
            if compared.difference == found.difference and _ends(compared) == _ends(found):
                return _markdown(compared, asked, smaller)
    return _markdown(msgspec.structs.replace(found, log=None), None, None)


def _without_values(request: TraceRequest, mentioned: str) -> TraceRequest:
    """Replace what a dump does not mention: values of headers and of query parameters."""
    headers = {
        name: [one if one.lower() in mentioned else _HIDDEN for one in _listed(values)]
        for name, values in (request.headers or {}).items()
    }
    path, mark, query = (request.path or "").partition("?")
    kept = "&".join(_discreet(one, mentioned) for one in query.split("&"))
    return msgspec.structs.replace(
        request, headers=headers, path=f"{path}{mark}{kept}" if request.path else request.path
    )


def _listed(values: str | Sequence[str]) -> Sequence[str]:
    return (values,) if isinstance(values, str) else values


def _discreet(parameter: str, mentioned: str) -> str:
    name, equals, value = parameter.partition("=")
    return parameter if value.lower() in mentioned else f"{name}{equals}{_HIDDEN}"


def _ends(found: Comparison) -> tuple[str, str]:
    return found.simulated.verdict, "" if found.real is None else found.real.verdict


class Pseudonyms:
    """Gives each word that occurs in a name another one, the same everywhere."""

    def __init__(self, dump: Json, request: TraceRequest) -> None:
        certificate = request.client_certificate
        said = [request.host or "", request.sni or ""]
        if certificate is not None:
            said += [*certificate.dns_sans, *certificate.uri_sans, certificate.subject]
        words = {word for name in (*_names(dump), *said) for word in _WORD.findall(name)}
        chosen = sorted(words - set(_KEPT.split()))
        self._words = {word: f"name{number}" for number, word in enumerate(chosen, 1)}

    def of_dump(self, value: Json) -> Json:
        """Replace the names in a dump, and leave out what certificates hold."""
        replaced = self._of(value)
        assert isinstance(replaced, dict)
        return replaced

    def of_request(self, request: TraceRequest, mentioned: str) -> TraceRequest:
        """Replace the names in a request, and leave out headers that the dump does not mention."""
        headers = {
            name: _HIDDEN if name.lower() in _CREDENTIALS else values
            for name, values in (request.headers or {}).items()
            if name.lower() in mentioned
        }
        fields = msgspec.to_builtins(msgspec.structs.replace(request, headers=headers, id=None))
        kept = {name: value for name, value in fields.items() if value is not None}
        fixed = {name: kept.pop(name) for name in ("protocol", "direction") if name in kept}
        return msgspec.convert({**self.of_dump(kept), **fixed}, TraceRequest)

    def _of(self, value: object, *, is_map: bool = False) -> object:
        if isinstance(value, dict):
            return {
                self._key(name, is_map=is_map): self._field(name, item)
                for name, item in value.items()
                if name not in _LEFT_OUT or is_map
            }
        if isinstance(value, list | tuple):
            return [self._of(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _field(self, name: str, value: object) -> object:
        if name == _EMPTIED:
            return {"inline_string": ""}
        return value if name == "@type" else self._of(value, is_map=name in _MAPS)

    def _key(self, name: str, *, is_map: bool) -> str:
        own = name.replace("_", "").isalpha() and not is_map
        return name if own or name.startswith("@") else self._text(name)

    def _text(self, value: str) -> str:
        if value.startswith("envoy."):
            return value
        value = _POD_SUFFIX.sub("pod", value)
        return _WORD.sub(lambda word: self._words.get(word[0], word[0]), value)


def _serving(proxy: Proxy) -> Json:
    """Copy what decides requests."""
    configs = []
    for kind, section, field, body in _SECTIONS:
        entries = [entry for entry in proxy.dump.entries(kind) if entry.state.serves]
        listed = [
            {"name": entry.name, body: msgspec.json.decode(entry.body)}
            if kind == "secret"
            else {body: msgspec.json.decode(entry.body)}
            for entry in entries
        ]
        if proxy.dump.has(kind):
            configs.append(typed(f"envoy.admin.v3.{section}", **{field: listed}))
    return {"configs": configs}


def _reduced(whole: Json, found: Comparison) -> Json:
    """Leave only what either side chose, and the routes before it."""
    copy: Json = msgspec.json.decode(msgspec.json.encode(whole))
    both = [one for one in (found.simulated, found.real) if one is not None]
    chains = {one.filter_chain for one in both}
    hosts = {one.virtual_host for one in both}
    clusters = {one.cluster for one in both}
    for part in nested(copy):
        for field, names in (("filter_chains", chains), ("virtual_hosts", hosts)):
            if field in part and names != {""}:
                part[field] = [one for one in messages(part, field) if text(one, "name") in names]
        if "default_filter_chain" in part and chains != {""}:
            default = message(part, "default_filter_chain")
            part["default_filter_chain"] = default if text(default, "name") in chains else None
    for section in messages(copy, "configs"):
        if listeners := messages(section, "static_listeners"):
            section["static_listeners"] = [one for one in listeners if _has_chains(one)]
        for field, body in (("static_clusters", "cluster"), ("dynamic_endpoint_configs", "")):
            if field in section:
                kept = messages(section, field)
                section[field] = [one for one in kept if _is_of(one, body, clusters)]
        tables = messages(section, "dynamic_route_configs")
        if tables:
            section["dynamic_route_configs"] = [
                one for one in tables if any(part.get("virtual_hosts") for part in nested(one))
            ]
    return copy


def _has_chains(entry: Json) -> bool:
    listener = message(entry, "listener")
    return bool(listener.get("filter_chains") or listener.get("default_filter_chain"))


def _is_of(entry: Json, body: str, clusters: set[str]) -> bool:
    if not body:
        return any(text(part, "cluster_name") in clusters for part in nested(entry))
    found = entry.get(body)
    return isinstance(found, dict) and text(found, "name") in clusters


def _names(dump: Json) -> Iterator[str]:
    for part in nested(dump):
        named = [*(part.get(field) for field in _NAMED)]
        named += [_texts(part.get(field)) for field in _PEOPLE]
        named += [list(message(part, field)) for field in _MAPS]
        for value in named:
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, str) and not one.startswith("envoy."):
                    yield one


def _texts(value: object) -> list[str]:
    """List every text within a value."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [text for one in inner for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _markdown(found: Comparison, request: TraceRequest | None, dump: Json | None) -> str:
    lines = [f"osmscope {__version__}: Envoy decides otherwise, first in `{found.difference}`."]
    if request is None or dump is None:
        lines.append("\nThe difference goes away without the names, so no dump is in here.")
        return "\n".join(lines) + "\n"
    asked = {name: value for name, value in msgspec.to_builtins(request).items() if value}
    for title, value in (
        ("The request", asked),
        ("osmscope", found.simulated),
        ("Envoy", found.real),
        ("Envoy's log line", found.log),
        ("The dump, names replaced, addresses as they were", dump),
    ):
        body = msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
        lines.append(f"\n## {title}\n\n```json\n{body}\n```")
    return "\n".join(lines) + "\n"
