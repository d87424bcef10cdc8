"""Small sidecars, built from what Envoy's configuration looks like as Python dicts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer, Explanation, NearMiss, OutcomeAnswer, Step
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

Json = dict[str, Any]

HTTP = "envoy.extensions.filters.http"
NETWORK = "envoy.extensions.filters.network"


def typed(type_name: str, **fields: object) -> Json:
    """An `Any`."""
    return {"@type": f"type.googleapis.com/{type_name}", **fields}


def extension(name: str, type_name: str, **fields: object) -> Json:
    """A named extension."""
    return {"name": name, "typed_config": typed(type_name, **fields)}


def address(text: str) -> Json:
    host, _, port = text.rpartition(":")
    return {"socket_address": {"address": host.strip("[]"), "port_value": int(port)}}


def endpoints(name: str, *addresses: str, **fields: object) -> Json:
    """A load assignment; an address with ! is unhealthy."""
    listed = [
        {
            "endpoint": {"address": address(one.rstrip("!"))},
            "health_status": "UNHEALTHY" if one.endswith("!") else "HEALTHY",
        }
        for one in addresses
    ]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": listed}], **fields}


def cluster(name: str, *addresses: str, **fields: object) -> Json:
    """A static cluster with one endpoint, or with those given."""
    assigned = endpoints(name, *(addresses or ("10.1.0.1:80",)))
    return {"name": name, "type": "STATIC", "load_assignment": assigned, **fields}


def route(to: str | None = "a", *, prefix: str = "/", **fields: object) -> Json:
    """A route to a cluster; with None it has only the action among the fields."""
    match = {"prefix": prefix, **fields.pop("match", {})}
    action = {} if to is None else {"route": {"cluster": to, **fields.pop("action", {})}}
    return {"match": match, **action, **fields}


def host(name: str, domains: Sequence[str], *routes: Json, **fields: object) -> Json:
    return {"name": name, "domains": list(domains), "routes": list(routes), **fields}


def table(*hosts: Json, name: str = "rds", **fields: object) -> Json:
    return {"name": name, "virtual_hosts": list(hosts), **fields}


ROUTER = extension("envoy.filters.http.router", f"{HTTP}.router.v3.Router")
EVERYTHING = table(host("all", ["*"], route()))


def lua(code: str, name: str = "lua") -> Json:
    code = f"function envoy_on_request(handle)\n{code}\nend"
    type_name = f"{HTTP}.lua.v3.Lua"
    return extension(name, type_name, default_source_code={"inline_string": code})


def fault(code: int, percent: int, **fields: object) -> Json:
    abort = {"http_status": code, "percentage": {"numerator": percent}}
    return extension("fault", f"{HTTP}.fault.v3.HTTPFault", abort=abort, **fields)


def deny(name: str = "rbac", *, network: bool = False) -> Json:
    """An RBAC filter that denies everybody."""
    kind = NETWORK if network else HTTP
    extra = {"stat_prefix": "x"} if network else {}
    return extension(name, f"{kind}.rbac.v3.RBAC", rules={"action": "ALLOW"}, **extra)


def manager(routes: Json | str | None = None, *filters: Json, **fields: object) -> Json:
    """A connection manager with an inline table, or one by RDS where a name is given."""
    kind = f"{NETWORK}.http_connection_manager.v3.HttpConnectionManager"
    if isinstance(routes, str):
        fields["rds"] = {"route_config_name": routes}
    elif routes is not None:
        fields["route_config"] = routes
    return extension("hcm", kind, http_filters=[*filters, ROUTER], **fields)


def tcp(to: str = "a", **fields: object) -> Json:
    named = {} if "weighted_clusters" in fields or not to else {"cluster": to}
    return extension("tcp", f"{NETWORK}.tcp_proxy.v3.TcpProxy", **named, **fields)


def chain(*filters: Json, name: str = "c", **fields: object) -> Json:
    """A filter chain; `match` is its filter_chain_match, `tls` the fields of its TLS context."""
    if "match" in fields:
        fields["filter_chain_match"] = fields.pop("match")
    if "tls" in fields:
        context = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
        fields["transport_socket"] = extension("tls", context, **fields.pop("tls"))
    return {"name": name, "filters": list(filters), **fields}


def listener(*chains: Json, name: str = "l", at: str = "0.0.0.0:15001", **fields: object) -> Json:
    return {"name": name, "address": address(at), "filter_chains": list(chains), **fields}


TLS_INSPECTOR = extension(
    "tls_inspector", "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
)
ORIGINAL_DST = extension(
    "original_dst", "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
)


def active(body: Json, **fields: object) -> Json:
    """A dynamic listener that serves."""
    return {"name": body["name"], "active_state": {"listener": body}, **fields}


def section(kind: str, **fields: object) -> Json:
    return typed(f"envoy.admin.v3.{kind}ConfigDump", **fields)


def sections(
    listeners: Iterable[Json] = (),
    routes: Iterable[Json] = (),
    clusters: Iterable[Json] = (cluster("a"),),
    eds: Iterable[Json] | None = None,
) -> dict[str, Json]:
    """The sections of a dump in which everything serves, by kind."""
    built = {
        "Listeners": section("Listeners", dynamic_listeners=[active(one) for one in listeners]),
        "Routes": section("Routes", dynamic_route_configs=[{"route_config": r} for r in routes]),
        "Bootstrap": section("Bootstrap", bootstrap={"node": {}}),
        "Clusters": section("Clusters", dynamic_active_clusters=[{"cluster": c} for c in clusters]),
    }
    if eds is not None:
        configs = [{"endpoint_config": one} for one in eds]
        built["Endpoints"] = section("Endpoints", dynamic_endpoint_configs=configs)
    return built


def tracer(built: Mapping[str, Json], statuses: Iterable[Json] | None = None) -> Tracer:
    """A sidecar of these sections of its dump, and of these statuses of /clusters."""
    dump = json.dumps({"configs": list(built.values())}).encode()
    shown = json.dumps({"cluster_statuses": list(statuses or ())}).encode()
    clusters = None if statuses is None else read_clusters(shown, where="test")
    return Tracer(Proxy(Dump.read(dump, where="test"), clusters))


def behind(routes: Json | str | None, *filters: Json, **fields: Any) -> Tracer:
    """A sidecar whose one listener leads to a connection manager; `tables` came by RDS."""
    given = {name: fields.pop(name) for name in ("clusters", "eds") if name in fields}
    given["routes"] = fields.pop("tables", ())
    return tracer(sections([listener(chain(manager(routes, *filters, **fields)))], **given))


DEFAULTS: Json = {
    "listener": "l",
    "host": "a.com",
    "dst_ip": "10.0.0.1",
    "dst_port": 80,
    "src_ip": "192.0.2.1",
    "src_port": 1000,
}


def request(**fields: object) -> TraceRequest:
    given = {key: value for key, value in {**DEFAULTS, **fields}.items() if value is not None}
    return msgspec.convert(given, TraceRequest)


def ask(asked: Tracer, **fields: object) -> Answer:
    answer = asked.answer(request(**fields))
    assert abs(sum(outcome.probability for outcome in answer.outcomes) - 1) < 1e-9
    return answer


def only(asked: Tracer, **fields: object) -> OutcomeAnswer:
    (outcome,) = ask(asked, **fields).outcomes
    return outcome


def explained(asked: Tracer, **fields: object) -> Explanation:
    return asked.explain(request(**fields))[1]


def step(asked: Tracer, kind: str, **fields: object) -> Step:
    """The one step of a kind."""
    (found,) = [one for one in explained(asked, **fields).steps if one.kind == kind]
    return found


def misses(asked: Tracer, **fields: object) -> tuple[NearMiss, ...]:
    return explained(asked, **fields).near_misses


def brief(outcome: OutcomeAnswer) -> str:
    """An outcome in one line: `forwarded a`, `404 NR route_not_found`, `closed UH`, `unknown`."""
    if outcome.verdict == "forwarded":
        return f"forwarded {outcome.cluster}"
    if outcome.response is None:
        return outcome.verdict
    response = outcome.response
    code = "closed" if outcome.verdict == "closed" else str(response.code)
    return " ".join(filter(None, (code, ",".join(response.flags), response.details)))


def shares(answer: Answer) -> dict[str, float]:
    return {brief(one): round(one.probability, 9) for one in answer.outcomes}


def reaching(*clusters: Json, eds: Iterable[Json] | None = None, **action: object) -> Tracer:
    """A sidecar whose only route leads to the clusters."""
    routes = table(host("all", ["*"], route(action=action)))
    return behind(routes, clusters=clusters, eds=eds)


def of_type(name: str, kind: str, **fields: object) -> Json:
    """A cluster of a type of its own."""
    config = {"@type": f"type.googleapis.com/envoy.extensions.clusters.{kind}", **fields}
    custom = {"name": f"envoy.clusters.{name}", "typed_config": config}
    return {"name": "a", "lb_policy": "CLUSTER_PROVIDED", "cluster_type": custom}


DYNAMIC_FORWARD_PROXY = of_type("dynamic_forward_proxy", "dynamic_forward_proxy.v3.ClusterConfig")
