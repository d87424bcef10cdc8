"""Which endpoint: ring hash and Maglev by what requests carry, subsets by metadata."""

from tests.oracle.blocks import http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import endpoint

KEYS = ("version", "stage", "zone")
FALLBACKS = ("NO_FALLBACK", "ANY_ENDPOINT", "DEFAULT_SUBSET")
HEALTH = ("HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY", "DRAINING", "DEGRADED", "UNKNOWN",
          "TIMEOUT")  # fmt: skip
VALUES = ("v1", "v2", 1, True, 1.5, "", "1", False)
KEYS_OF_POLICY = ("session", "Session", "a b")


def draw_hashing(draw: Draw) -> Case:
    """Draw a consistently hashing cluster and the hash policies of its routes."""
    cluster: Json = {"name": "own-CONFIG", "load_assignment": assignment(draw)}
    if draw.maybe():
        least, most = draw.choice(((1, 2048), (64, 2048), (1024, 2048), (1, 1), (7, 7), (3, 5)))
        ring = {"minimum_ring_size": least, "maximum_ring_size": most}
        cluster |= {"lb_policy": "RING_HASH", "ring_hash_lb_config": ring}
        ring |= draw.fields(0.3, hash_function=lambda: draw.choice(("MURMUR_HASH_2", "XX_HASH")))
    else:
        size = draw.choice((2, 3, 11, 101, 65537))
        cluster |= {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": size}}
    common = draw.fields(
        0.3,
        consistent_hashing_lb_config=lambda: {"use_hostname_for_hashing": True},
        healthy_panic_threshold=lambda: {"value": draw.choice((0, 50, 100, 33.4, 0.5))},
    )
    if draw.maybe(0.25):
        common["locality_weighted_lb_config"] = {}
    cluster |= {"common_lb_config": common} if common else {}
    route: Json = {
        "cluster": "own-CONFIG",
        "hash_policy": draw.several(lambda: _policy(draw), 1, 3),
    }
    listener = _listener([{"name": "all", "match": {"prefix": "/"}, "route": route}])
    asked = requests(draw, _hashed_request, 10)
    return Case(family="hashing", listener=listener, clusters=[cluster], requests=asked)


def draw_subsets(draw: Draw) -> Case:
    """Draw a cluster with subsets and routes that ask for some."""
    subsets: Json = {
        "fallback_policy": draw.choice(FALLBACKS),
        "subset_selectors": draw.several(lambda: _selector(draw), 1, 3),
    }
    subsets |= draw.fields(
        0.3,
        default_subset=lambda: _wanted(draw),
        list_as_any=lambda: True,
        panic_mode_any=lambda: True,
        locality_weight_aware=lambda: True,
        scale_locality_weight=lambda: True,
        metadata_fallback_policy=lambda: draw.choice(("METADATA_NO_FALLBACK", "FALLBACK_LIST")),
        allow_redundant_keys=lambda: True,
    )
    cluster: Json = {"name": "own-CONFIG", "lb_subset_config": subsets}
    cluster["load_assignment"] = assignment(draw)
    cluster["lb_policy"] = draw.choice(("ROUND_ROBIN", "RANDOM", "LEAST_REQUEST", "MAGLEV"))
    common = draw.fields(
        0.15,
        healthy_panic_threshold=lambda: {"value": draw.choice((0, 50, 100))},
        locality_weighted_lb_config=dict,
    )
    cluster |= {"common_lb_config": common} if common else {}
    routes = []
    for prefix in ("/books", "/api", "/a", "/"):
        route: Json = {"cluster": "own-CONFIG"}
        if draw.maybe(0.9):
            route["metadata_match"] = {"filter_metadata": {"envoy.lb": _asked(draw)}}
        routes.append({"name": prefix, "match": {"prefix": prefix}, "route": route})
    return Case(
        family="subsets",
        listener=_listener(routes),
        clusters=[cluster],
        requests=requests(draw, count=10),
    )


def _listener(routes: list[Json]) -> Json:
    host = {"name": "all", "domains": ["*"], "routes": routes}
    configuration = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}
    return http_listener(configuration)


def assignment(draw: Draw) -> Json:
    """Draw a load assignment."""
    assigned: Json = {"endpoints": localities(draw)}
    policy = draw.fields(
        0.2,
        overprovisioning_factor=lambda: draw.choice((100, 101, 140, 175, 1000)),
        weighted_priority_health=lambda: True,
    )
    return assigned | ({"policy": policy} if policy else {})


def localities(draw: Draw) -> list[Json]:
    """Draw endpoints in localities and priorities."""
    drawn = []
    number = 0
    for priority in draw.choice(((0,), (0,), (0,), (0, 1), (0, 1, 2))):
        for zone in range(draw.randint(1, 2)):
            endpoints = []
            for _ in range(draw.randint(1, 4)):
                number += 1
                endpoints.append(_endpoint(draw, number))
            locality: Json = {"locality": {"region": "r1", "zone": f"z{zone + 1}"}}
            locality |= {"priority": priority, "lb_endpoints": endpoints}
            locality |= {"load_balancing_weight": draw.choice((1, 3, 3, 100))}
            if draw.maybe(0.1):
                del locality["load_balancing_weight"]
            drawn.append(locality)
    return drawn


def _endpoint(draw: Draw, number: int) -> Json:
    one = endpoint(f"127.9.100.{number}", health_status=draw.choice(HEALTH))
    if draw.maybe():
        one["endpoint"]["hostname"] = f"host-{draw.choice((number, number, number, 1))}"
    metadata: Json = {"envoy.lb": _metadata(draw)}
    if draw.maybe(0.1):
        # Now and then the same as another's.
        metadata["envoy.lb"]["hash_key"] = f"key-{draw.choice((number, number, 1))}"
    one["metadata"] = {"filter_metadata": metadata}
    return one | draw.fields(0.5, load_balancing_weight=lambda: draw.choice((1, 2, 5, 128)))


def _metadata(draw: Draw) -> Json:
    values: Json = {}
    for key in draw.some(KEYS, 0, 3):
        values[key] = draw.choice((*VALUES, "v1", ["v1", "v2"], ["v2"], [], [1, "v1"], {"a": "v1"}))
    return values


def _wanted(draw: Draw) -> Json:
    return {key: draw.choice((*VALUES, "v1", "v1")) for key in draw.some(KEYS, 1, 2)}


def _asked(draw: Draw) -> Json:
    wanted = _wanted(draw)
    if draw.maybe(0.15):
        others = [_wanted(draw) for _ in range(draw.randint(1, 2))]
        wanted["fallback_list"] = others
    return wanted


def _selector(draw: Draw) -> Json:
    selector: Json = {"keys": draw.some(KEYS, 1, 2)}
    policies = (*FALLBACKS, "NOT_DEFINED", "KEYS_SUBSET")
    policy = draw.choice(policies)
    if policy == "KEYS_SUBSET" and len(selector["keys"]) == 2:
        return selector | {"fallback_policy": policy, "fallback_keys_subset": selector["keys"][:1]}
    if len(selector["keys"]) == 1 and draw.maybe(0.15):
        return selector | {"single_host_per_subset": True}
    return selector | ({} if policy == "KEYS_SUBSET" else {"fallback_policy": policy})


def _policy(draw: Draw) -> Json:
    policy = draw.one(
        header=lambda: _hashed_header(draw),
        query_parameter=lambda: {"name": draw.choice(("a", "b", "A", "%61", "session"))},
        cookie=lambda: {"name": draw.choice(KEYS_OF_POLICY)} | draw.fields(0.2, path=lambda: "/p"),
        connection_properties=lambda: {"source_ip": True},
    )
    return policy | draw.fields(0.3, terminal=lambda: True)


def _hashed_header(draw: Draw) -> Json:
    header: Json = {"header_name": draw.choice(("x-user", "version", "X-User", ":path", "host"))}
    if draw.maybe(0.2):
        regex, substitution = draw.choice(
            (("user-", ""), ("[0-9]", "\\0\\0"), (".*", "x"), ("", "-"))
        )
        header["regex_rewrite"] = {"pattern": {"regex": regex}, "substitution": substitution}
    return header


def _hashed_request(draw: Draw) -> Json:
    request = http_request(draw)
    request["headers"]["x-user"] = f"user-{draw.randint(0, 10**6)}"
    if draw.maybe(0.1):
        request["headers"]["x-user"] = draw.choice(
            ("", "\u00e9", "b,a", ["b", "a"], ["a", "b", "c"])
        )
    if draw.maybe(0.3):
        request["headers"]["cookie"] = draw.choice(
            (f"session={draw.randint(0, 100)}", "session=", "Session=1", 'session="q"',
             "a=b;session=7", "session=1; session=2", ["x=1", "session=9"])
        )  # fmt: skip
    return request
