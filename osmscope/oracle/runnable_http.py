"""A connection manager's copy: its route table in it, without the filters that need somebody else.

Decision: a filter stays if osmscope itself evaluates it, so that Envoy's word is held against its
own. What it only assumes to let a request go on (services, plugins, unknown types) is taken out,
and named: both sides then answer under the same assumption.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from osmscope.oracle.access_log import access_log
from osmscope.oracle.json_tree import Json, message, messages, nested, text, typed, without
from osmscope.resources.extension import Unsupported, decode_any, type_named
from osmscope.resources.http_filters import authentication, custom_code, gateway, limits, response
from osmscope.resources.http_filters.router import Composite, ExtensionWithMatcher
from osmscope.resources.proxy import Proxy

_DROPPED = frozenset({
    "access_log", "access_log_options", "access_log_flush_interval",
    "flush_access_log_on_new_request", "tracing", "rds", "http3_protocol_options",
})  # fmt: skip
_NEEDS_ANOTHER = (
    Unsupported,
    authentication.CredentialInjector,
    authentication.ExtAuthz,
    authentication.OAuth2,
    custom_code.DynamicForwardProxy,
    custom_code.DynamicModuleFilter,
    custom_code.ExternalProcessor,
    custom_code.Golang,
    custom_code.GrpcJsonTranscoder,
    custom_code.OnDemand,
    custom_code.Wasm,
    gateway.Geoip,
    gateway.PeerMetadata,
    limits.RateLimit,
    limits.RateLimitQuota,
    response.ResponseOnly,
    Composite,
    ExtensionWithMatcher,
)
UNNAMED_ROUTE = "osmscope-unnamed-route-"
"""Begins the name that a route without one has in the copy; its index follows."""


class HttpCopies:
    """Copies the connection managers of one sidecar.

    Args:
        proxy: The sidecar.
        log: Where the copy writes its access log.
        note: Is told of what was taken out.
    """

    def __init__(self, proxy: Proxy, log: str, note: Callable[[str], None]) -> None:
        self._proxy = proxy
        self._log = log
        self._note = note

    def manager(self, body: Json) -> Json:
        """Copy a `HttpConnectionManager`."""
        copy = without(body, _DROPPED)
        copy["access_log"] = access_log("http", self._log)
        copy["delayed_close_timeout"] = "0s"  # it changes no decision, and would cost a second each
        removed: set[str] = set()
        copy["http_filters"] = self._filters(messages(body, "http_filters"), removed)
        for upgrade in messages(copy, "upgrade_configs"):
            if "filters" in upgrade:
                upgrade["filters"] = self._filters(messages(upgrade, "filters"), removed)
        if "rds" in body:
            name = text(message(body, "rds"), "route_config_name")
            copy["route_config"] = self._delivered(name)
        if "scoped_routes" in body:
            copy["scoped_routes"] = self._scoped(message(body, "scoped_routes"))
        for table in nested(copy.get("route_config")), nested(copy.get("scoped_routes")):
            for part in table:
                _adapt(part, removed)
        if table_body := message(copy, "route_config"):
            table_body["validate_clusters"] = False
        return copy

    def _delivered(self, name: str) -> Json:
        entry = self._proxy.dump.serving("route_config").get(name)
        if entry is None:
            self._note(f'the route configuration "{name}" is not in the dump: an empty one')
            return {"name": name}
        return without(message(msgspec.json.decode(entry.body)), ("@type", "vhds"))

    def _scoped(self, body: Json) -> Json:
        scopes = messages(
            message(body, "scoped_route_configurations_list"), "scoped_route_configurations"
        )
        if "scoped_rds" in body:
            delivered = self._proxy.scopes(text(body, "name"))
            scopes = [message(msgspec.json.decode(msgspec.json.encode(one))) for one in delivered]
        listed: list[Json] = []
        for scope in scopes:
            inline = message(scope, "route_configuration") or self._delivered(
                text(scope, "route_configuration_name")
            )
            inline["validate_clusters"] = False
            kept = {"name": scope.get("name"), "key": scope.get("key")}
            listed.append({**kept, "route_configuration": inline})
        return {
            **without(body, ("scoped_rds", "rds_config_source")),
            "scoped_route_configurations_list": {"scoped_route_configurations": listed},
        }

    def _filters(self, filters: list[Json], removed: set[str]) -> list[Json]:
        kept = []
        for one in filters:
            name = text(one, "name")
            config = self._discovered(name) if "config_discovery" in one else one
            body = message(config, "typed_config")
            if needs_another(body, name):
                removed.add(name)
                self._note(f"HTTP filter {name}")
                continue
            body = body if "@type" in body else typed(type_named(name), **body)
            kept.append({**without(one, ("config_discovery", "is_optional")), "typed_config": body})
        return kept

    def _discovered(self, name: str) -> Json:
        entry = self._proxy.dump.serving("ecds_filter").get(name)
        return {} if entry is None else message(msgspec.json.decode(entry.body))


def needs_another(body: Json, name: str) -> bool:
    """Whether an HTTP filter needs somebody else, or is none that osmscope evaluates."""
    encoded = msgspec.json.encode(body) if body else b""
    if isinstance(decode_any(encoded, name=name), _NEEDS_ANOTHER):
        return True
    return b'"remote_jwks":' in encoded or ("@type" not in body and not type_named(name))


def _adapt(part: Json, removed: set[str]) -> None:
    """Make a part of a route table fit: per-filter configuration, and names for its routes."""
    if overrides := message(part, "typed_per_filter_config"):
        part["typed_per_filter_config"] = without(overrides, removed)
    if "domains" in part:
        for index, route in enumerate(messages(part, "routes")):
            if not route.get("name"):
                route["name"] = f"{UNNAMED_ROUTE}{index}"
