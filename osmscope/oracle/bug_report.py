"""A difference, made ready to be reported: as little of the dump as still shows it, without names.

Decision: nothing is offered that was not tried. Each candidate is put to a real Envoy again, and
the first that differs in the same field is the report; without one the report has no dump in it.
Addresses and paths stay, because prefixes and ranges decide by them; certificates never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from osmscope import __version__
from osmscope.dump.sections import Dump
from osmscope.oracle.comparison import Comparison
from osmscope.oracle.json_tree import Json, messages, nested, text, typed
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
_KEPT = """
    http https tcp tls envoy outbound inbound virtual host listener filter filters chain route
    cluster local svc egress ingress rds default com org net www mesh passthrough prefix match
    network listeners extensions connection manager proxy inspector original dst router rbac
    osm client server first cert root mtls validation service for sidecar
"""
"""Words that are nobody's name."""
_NAMED = ("name", "cluster_name", "cluster", "domains", "server_names", "service_name")
_LEFT_OUT = frozenset({
    "inline_bytes", "certificate_chain", "private_key", "trusted_ca", "access_log", "tracing",
})  # fmt: skip
_CREDENTIALS = ("authorization", "cookie")


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
        asked = nameless.of_request(request, str(dump).lower())
        again = Proxy(Dump.read(msgspec.json.encode(smaller), where="the bug report"))
        compared = verify(again, asked)
        if compared.difference == found.difference and _ends(compared) == _ends(found):
            return _markdown(compared, asked, smaller)
    return _markdown(msgspec.structs.replace(found, log=None), None, None)


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
            name: "redacted" if name.lower() in _CREDENTIALS else values
            for name, values in (request.headers or {}).items()
            if name.lower() in mentioned
        }
        fields = msgspec.to_builtins(msgspec.structs.replace(request, headers=headers, id=None))
        kept = {name: value for name, value in fields.items() if value is not None}
        fixed = {name: kept.pop(name) for name in ("protocol", "direction") if name in kept}
        return msgspec.convert({**self.of_dump(kept), **fixed}, TraceRequest)

    def _of(self, value: object) -> object:
        if isinstance(value, dict):
            return {
                self._key(name): item if name == "@type" else self._of(item)
                for name, item in value.items()
                if name not in _LEFT_OUT
            }
        if isinstance(value, list):
            return [self._of(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _key(self, name: str) -> str:
        own = name.replace("_", "").isalpha() or name.startswith(("@", "envoy."))
        return name if own else self._text(name)

    def _text(self, value: str) -> str:
        if value.startswith("envoy."):
            return value
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
    for section in messages(copy, "configs"):
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


def _is_of(entry: Json, body: str, clusters: set[str]) -> bool:
    if not body:
        return any(text(part, "cluster_name") in clusters for part in nested(entry))
    found = entry.get(body)
    return isinstance(found, dict) and text(found, "name") in clusters


def _names(dump: Json) -> Iterator[str]:
    for part in nested(dump):
        for field in _NAMED:
            value = part.get(field)
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, str) and not one.startswith("envoy."):
                    yield one


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
