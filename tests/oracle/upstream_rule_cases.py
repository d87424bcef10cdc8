"""The cases of test_upstream_rules: what is asked, and what Envoy does with it."""

import json
from typing import Any

from tests.oracle.case import Case
from tests.oracle.envoy_files import endpoint
from tests.oracle.upstream_cases import (
    DESTINATION,
    EXTENSIONS,
    OWN,
    action,
    aggregate,
    case,
    composite,
    empty,
    http_filter,
    limited,
    of_type,
    own,
    request,
    routed,
    tcp,
    to,
)

Json = dict[str, Any]

RUNTIME = {
    "upstream.maintenance_mode.maintained": 100,
    "upstream.maintenance_mode.maintained-empty": 100,
    "upstream.maintenance_mode.maintained-tcp": 100,
    "upstream.maintenance_mode.partly": "30",
    "circuit_breakers.limited.default.max_requests": 0,
    "weights": {"alpha": 0},
}
PLACES = [
    {
        "locality": {"region": "r1", "zone": zone},
        "lb_endpoints": [
            endpoint(
                f"127.6.{zone[1]}.1",
            )
        ],
    }
    for zone in ("z1", "z2")
]
BOOTSTRAP = {
    "layered_runtime": {"layers": [{"name": "static", "static_layer": RUNTIME}]},
    "cluster_manager": {"local_cluster_name": "peers"},
    "static_resources": {
        "clusters": [
            {
                "name": "peers",
                "type": "STATIC",
                "load_assignment": {
                    "cluster_name": "peers",
                    "endpoints": json.loads(
                        json.dumps(PLACES).replace('.1"}', '.1", "port_value": 9}')
                    ),
                },
            }
        ]
    },
}


def named(name: str, *hosts: str) -> Json:
    """A cluster whose name the runtime has."""
    return own(*hosts) | {"name": name}


def unhealthy(address: str) -> Json:
    return endpoint(address, health_status="UNHEALTHY")


def weights(*parts: int, **fields: Any) -> Json:
    names = ("alpha", "beta", "gamma")
    clusters = [{"name": n, "weight": w} for n, w in zip(names, parts, strict=False)]
    return {"weighted_clusters": {"clusters": clusters, **fields}}


def fraction(numerator: int, denominator: str = "HUNDRED") -> Json:
    return {"default_value": {"numerator": numerator, "denominator": denominator}}


def taking(numerator: int, denominator: str = "HUNDRED") -> Json:
    return {"match": {"runtime_fraction": fraction(numerator, denominator)}}


def zones(**hosts: int) -> Json:
    """A cluster with so many endpoints in each zone."""
    groups = [
        {
            "locality": {"region": "r1", "zone": zone},
            "lb_endpoints": [endpoint(f"127.5.{zone[1]}.{n}") for n in range(1, count + 1)],
        }
        for zone, count in hosts.items()
    ]
    return own(load_assignment={"endpoints": groups})


def checking(header: str, value: str) -> Case:
    router = {"strict_check_headers": [header]}
    listener = routed(to(OWN), router=router)
    return case(listener, own(), requests=[request(headers={header: value})])


PORT = "PORT"
"""Stands for the port of the stand-in, in what a session holds."""


def session_filter(**fields: Any) -> Json:
    kind = f"{EXTENSIONS}.http.stateful_session.header.v3.HeaderBasedSessionState"
    state = {"@type": kind, "name": "x-s"}
    named = {"name": "envoy.http.stateful_session.header", "typed_config": state}
    return http_filter("stateful_session.v3.StatefulSession", session_state=named, **fields)


def session(address: str) -> Json:
    return {"x-s": f"{address}:{PORT}"}


def sticking(address: str, strict: bool = False, **fields: Any) -> Case:
    cluster = own(ONE, TWO, unhealthy("127.8.3.3"), **fields)
    listener = routed(to(OWN), http_filters=[session_filter(strict=strict)])
    return case(listener, cluster, requests=[request(headers=session(address)) for _ in range(4)])


NONE = "no_healthy_upstream"
OVERFLOW = "upstream_reset_before_response_started{overflow}"
BREAKER_0 = limited({"max_requests": 0})
PENDING_0 = limited({"max_pending_requests": 0})
HIGH_0 = limited({"priority": "HIGH", "max_requests": 0})
ONE, TWO, THREE = "127.8.3.1", "127.8.3.2", "127.8.3.3"
SUBSETS = {
    "lb_subset_config": {"fallback_policy": "ANY_ENDPOINT", "subset_selectors": [{"keys": ["v"]}]}
}


def healths(prefix: str, states: str) -> list[Json]:
    """Make an endpoint per letter: h is healthy, u unhealthy, d degraded."""
    words = {"h": "HEALTHY", "u": "UNHEALTHY", "d": "DEGRADED"}
    return [
        endpoint(f"{prefix}{number}", health_status=words[state])
        for number, state in enumerate(states, 1)
    ]


def weighted(*parts: int) -> list[Json]:
    """Make an endpoint per weight."""
    return [
        endpoint(f"127.8.14.{number}", load_balancing_weight=weight)
        for number, weight in enumerate(parts, 1)
    ]


LIGHT_HEALTH = [
    endpoint("127.8.12.1", load_balancing_weight=1),
    endpoint("127.8.12.2", load_balancing_weight=9, health_status="UNHEALTHY"),
]


def member(name: str, *hosts: Json, **policy: Any) -> Json:
    """A cluster whose load assignment has a policy."""
    assignment = {"endpoints": [{"lb_endpoints": list(hosts)}], "policy": policy}
    return own(name=name, load_assignment=assignment)


def weighing(by_weight: bool) -> Json:
    """Of priority 0 nine tenths are healthy by weight, half by number."""
    first = [endpoint(ONE, load_balancing_weight=9), unhealthy(TWO)]
    groups = [
        {"lb_endpoints": first},
        {"priority": 1, "lb_endpoints": [endpoint(THREE)]},
    ]
    policy = {"weighted_priority_health": by_weight}
    return own(load_assignment={"endpoints": groups, "policy": policy})


def versioned(address: str, version: str) -> Json:
    return endpoint(address, metadata={"filter_metadata": {"envoy.lb": {"v": version}}})


def to_version(version: str) -> Json:
    return {"metadata_match": {"filter_metadata": {"envoy.lb": {"v": version}}}}


DYNAMIC = of_type(
    "dynamic_forward_proxy.v3.ClusterConfig",
    {"dns_cache_config": {"name": "d-CONFIG", "dns_lookup_family": "V4_ONLY"}},
)


def dynamic(cluster: Json | None = None, **fields: Any) -> Case:
    """A request to THREE through the filter of dynamic forward proxies."""
    kind = "dynamic_forward_proxy.v3"
    cache = {"name": "d-CONFIG", "dns_lookup_family": "V4_ONLY"}
    asks = http_filter(f"{kind}.FilterConfig", "d", dns_cache_config=cache)
    per_route = {"@type": f"{EXTENSIONS}.filters.http.{kind}.PerRouteConfig", **fields}
    listener = routed(to(OWN, typed_per_filter_config={"d": per_route}), http_filters=[asks])
    headers = {"x-h": f"{TWO}:1", "x-e": ""}
    asked = request(host=f"{THREE}:1", headers=headers)
    return case(listener, cluster or DYNAMIC, requests=[asked])


ORIGINAL_DST = of_type("original_dst.v3.OriginalDstCluster", {})
NO_FALLBACK = {"subset_selectors": [{"keys": ["v"]}]}
ONE_OF_TWO = own(ONE, unhealthy(TWO), name="one", common_lb_config={
    "healthy_panic_threshold": {"value": 0}})  # fmt: skip

DECIDED: dict[str, tuple[Case, str]] = {
    "maintenance": (case(routed(to({"cluster": "maintained"})), named("maintained")),
                    "503 UO maintenance_mode"),
    "maintenance before no host": (
        case(routed(to({"cluster": "maintained-empty"})), empty() | {"name": "maintained-empty"}),
        "503 UO maintenance_mode"),
    "maintenance is not for tcp": (
        case(tcp(cluster="maintained-tcp"), named("maintained-tcp", ONE)), f"reaches {ONE}"),
    "breaker": (action(own(**BREAKER_0)), f"503 UO {OVERFLOW}"),
    "breaker of pending requests": (action(own(**PENDING_0)), f"503 UO {OVERFLOW}"),
    "breaker by runtime": (case(routed(to({"cluster": "limited"})), named("limited")),
                           f"503 UO {OVERFLOW}"),
    "breaker of the other priority": (action(own(ONE, **BREAKER_0), priority="HIGH"),
                                      f"reaches {ONE}"),
    "breaker of the high priority": (action(own(**HIGH_0), priority="HIGH"), f"503 UO {OVERFLOW}"),
    "breaker after no host": (action(empty(**BREAKER_0)), f"503 UH {NONE}"),
    "no connection pools": (action(own(**limited({"max_connection_pools": 0}))), f"503 UH {NONE}"),
    "no connections for tcp": (case(tcp(**OWN), own(**limited({"max_connections": 0}))), "0 UO"),
    "no connections before no host": (case(tcp(**OWN), empty(**limited({"max_connections": 0}))),
                                      "0 UO"),
    "no pending for tcp": (case(tcp(**OWN), own(**PENDING_0)), "0 URX"),
    "no host before no pending for tcp": (case(tcp(**OWN), empty(**PENDING_0)), "0 UH"),
    "tcp has the default priority": (case(tcp(**OWN), own(ONE, **limited(
        {"priority": "HIGH", "max_connections": 0}))), f"reaches {ONE}"),
    "a tunnel is a request": (case(tcp(**OWN, tunneling_config={"hostname": "t.com:443"}),
                                   own(**BREAKER_0)), "0 URX"),
    "aggregate": (action(aggregate("m", "n"), own(ONE, name="m"), own(TWO, name="n")),
                  f"reaches {ONE}"),
    "aggregate without the first": (action(aggregate("m", "n"), own(TWO, name="n")),
                                    f"reaches {TWO}"),
    "aggregate of none": (action(aggregate("m")), f"503 UH {NONE}"),
    "aggregate has no breaker": (action(aggregate("m") | BREAKER_0, own(ONE, name="m")),
                                 f"reaches {ONE}"),
    "members have breakers": (action(aggregate("m"), own(ONE, name="m", **BREAKER_0)),
                              f"503 UO {OVERFLOW}"),
    "members have subsets": (
        action(aggregate("m"), own(versioned(ONE, "1"), versioned(TWO, "2"), name="m", **SUBSETS),
               **to_version("2")), f"reaches {TWO}"),
    "aggregate of aggregates": (
        action(aggregate("m"), aggregate("n") | {"name": "m-CONFIG"}, own(ONE, name="n")),
        f"503 UH {NONE}"),
    "composite": (action(composite("m", "n"), own(ONE, name="m"), own(TWO, name="n")),
                  f"reaches {ONE}"),
    "composite without the first": (action(composite("m", "n"), own(TWO, name="n")),
                                    f"reaches {TWO}"),
    "composite with an empty first": (
        action(composite("m", "n"), empty("m"), own(TWO, name="n")), f"reaches {TWO}"),
    "composite of none": (action(composite("m")), f"503 UH {NONE}"),
    "composite of a composite": (
        action(composite("m"), composite("n") | {"name": "m-CONFIG"}, own(ONE, name="n")),
        f"reaches {ONE}"),
    "composite of an aggregate": (
        action(composite("m"), aggregate("n") | {"name": "m-CONFIG"}, own(ONE, name="n")),
        f"reaches {ONE}"),
    "aggregate of a composite": (
        action(aggregate("m"), composite("n") | {"name": "m-CONFIG"}, own(ONE, name="n")),
        f"503 UH {NONE}"),
    "composite of an original destination": (
        action(composite("m", "n"), ORIGINAL_DST | {"name": "m-CONFIG"}, own(ONE, name="n")),
        f"reaches {DESTINATION}"),
    "aggregate of an original destination": (
        action(aggregate("m"), ORIGINAL_DST | {"name": "m-CONFIG"}), f"503 UH {NONE}"),
    "composite with a subset that is not there": (
        action(composite("m", "n"),
               own(versioned(ONE, "1"), name="m", lb_subset_config=NO_FALLBACK),
               own(TWO, name="n"), **to_version("2")), f"reaches {TWO}"),
    "composite whose first refuses": (
        action(composite("m", "n"), own(ONE, name="m", **BREAKER_0), own(TWO, name="n")),
        f"503 UO {OVERFLOW}"),
    "composite whose aggregate refuses": (
        action(composite("m", "o"), aggregate("n") | {"name": "m-CONFIG"},
               own(ONE, name="n", **BREAKER_0), own(TWO, name="o")), f"503 UO {OVERFLOW}"),
    "composite for tcp": (case(tcp(**OWN), composite("m"), own(ONE, name="m")), "0 UH"),
    "dynamic forward proxy": (action(DYNAMIC, host_rewrite_literal="127.8.3.9:1"),
                              "reaches 127.8.3.9"),
    "its filter": (dynamic(), f"reaches {THREE}"),
    "its filter's host": (dynamic(host_rewrite_literal=f"{ONE}:1"), f"reaches {ONE}"),
    "its filter's host in a header": (dynamic(host_rewrite_header="x-h"), f"reaches {TWO}"),
    "its filter's header that is not there": (dynamic(host_rewrite_header="y"), f"reaches {THREE}"),
    "its filter's header that is empty": (dynamic(host_rewrite_header="x-e"),
                                          "400 empty_host_header"),
    "its filter without it": (dynamic(own(ONE), host_rewrite_literal=f"{TWO}:1"), f"reaches {ONE}"),
    "original destination": (action(of_type("original_dst.v3.OriginalDstCluster", {})),
                             f"reaches {DESTINATION}"),
    "original destination by header": (
        action(of_type("original_dst.v3.OriginalDstCluster", {
            "use_http_header": True, "http_header_name": "x-to"}),
            requests=[request(headers={"x-to": "127.8.3.7:1"})]), "reaches 127.8.3.7"),
    "runtime takes a weight away": (
        case(routed(to(weights(50, 50, runtime_key_prefix="weights")))), "reaches 127.9.1.1"),
    "strict check fails": (checking("x-envoy-max-retries", "x"),
                           "400 IH request_headers_failed_strict_check{x-envoy-max-retries}"),
    "strict check after no cluster": (
        case(routed(to({"cluster": "gone"}), router={"strict_check_headers": [
            "x-envoy-max-retries"]}), requests=[request(headers={"x-envoy-max-retries": "x"})]),
        "503 NC cluster_not_found"),
    "a session": (sticking(TWO), f"reaches {TWO}"),
    "a session of no endpoint, strict": (sticking("127.8.3.9", strict=True), f"503 UH {NONE}"),
    "a session that is unhealthy, strict": (
        sticking("127.8.3.3", strict=True), f"503 UH {NONE}"),
    "a session before hashing": (sticking(TWO, lb_policy="RING_HASH"), f"reaches {TWO}"),
    "a session with an aggregate, strict": (
        case(routed(to(OWN), http_filters=[session_filter(strict=True)]), aggregate("m"),
             own(ONE, name="m"), requests=[request(headers=session(ONE))]), f"503 UH {NONE}"),
    "own zone first": (action(zones(z1=3, z2=3)), "reaches 127.5.1"),
    "zones of peers without endpoints here": (action(zones(z2=3, z3=3)), "reaches 127.5.3"),
}  # fmt: skip

SHARED: dict[str, Case] = {
    "two fractions": case(
        routed(
            to({"cluster": "alpha"}, **taking(30)),
            to({"cluster": "beta"}, **taking(50)),
            to({"cluster": "gamma"}),
        )
    ),
    "a fraction of another denominator": case(
        routed(
            to({"cluster": "alpha"}, **taking(30)),
            to({"cluster": "beta"}, **taking(4000, "TEN_THOUSAND")),
            to({"cluster": "gamma"}),
        )
    ),
    "a fraction and weights": case(
        routed(to(weights(50, 50), **taking(50)), to({"cluster": "gamma"}))
    ),
    "a fraction and odd weights": case(
        routed(to(weights(3, 4), **taking(50)), to({"cluster": "gamma"}))
    ),
    "weights by a cookie that is not there": action(
        own(),
        **weights(50, 50, use_hash_policy=True),
        cluster=None,
        hash_policy=[{"cookie": {"name": "s", "ttl": "9s"}}],
    ),
    "maintenance of a share": case(routed(to({"cluster": "partly"})), named("partly", ONE)),
    "aggregate spills over": action(
        aggregate("m", "n"), own(ONE, unhealthy(TWO), name="m"), own("127.8.9.1", name="n")
    ),
    "a member of an aggregate refuses": action(
        aggregate("m", "n"),
        own(ONE, unhealthy(TWO), name="m", **BREAKER_0),
        own("127.8.9.1", name="n"),
    ),
    "an aggregate of three": action(
        aggregate("m", "nn", "ppp"),
        own(*healths("127.8.11.", "huuu"), name="m"),
        own(*healths("127.8.12.", "huu"), name="nn"),
        own("127.8.13.1", name="ppp"),
    ),
    "an aggregate of overprovisioned members": action(
        aggregate("m", "nn"),
        member("m", *healths("127.8.11.", "huu"), overprovisioning_factor=100),
        member("nn", *healths("127.8.12.", "huu"), overprovisioning_factor=300),
    ),
    "an aggregate of members by weight": action(
        aggregate("m", "nn", "ppp"),
        own(*healths("127.8.11.", "huu"), name="m"),
        member("nn", *LIGHT_HEALTH, weighted_priority_health=True),
        own("127.8.13.1", name="ppp"),
    ),
    "an aggregate of members by number": action(
        aggregate("m", "nn", "ppp"),
        own(*healths("127.8.11.", "huu"), name="m"),
        member("nn", *LIGHT_HEALTH),
        own("127.8.13.1", name="ppp"),
    ),
    "an aggregate that panics": action(
        aggregate("m", "nn"),
        own(*healths("127.8.11.", "uu"), name="m"),
        own(*healths("127.8.12.", "u"), name="nn"),
    ),
    "degraded members": action(
        aggregate("m", "nn"), own(*healths("127.8.11.", "hdd"), name="m"), own(ONE, name="nn")
    ),
    "a member with weights": action(aggregate("m"), own(*weighted(1, 4), name="m")),
    "weights of endpoints": action(own(*weighted(1, 2, 5))),
    "weights of health": action(weighing(True)),
    "no weights of health": action(weighing(False)),
    "a ring without a hash": action(own(*weighted(1, 2, 5), lb_policy="RING_HASH")),
    "weights that random ignores": action(own(*weighted(1, 2, 5), lb_policy="RANDOM")),
    "zones with a residue": action(zones(z1=2, z2=4)),
    "slow zones": action(zones(z1=1, z2=3)),
}
