"""HTTP filters in random order, disabled and overridden by route, virtual host and table."""

from collections.abc import Callable

from tests.oracle.blocks import (
    header_match,
    http_filter,
    http_listener,
    http_request,
    requests,
    string_match,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, TYPES
from tests.oracle.families.rbac import DISABLED, rules
from tests.oracle.families.route_actions import addition

EXECUTE = f"{FILTERS}.http.composite.v3.ExecuteFilterAction"
HEADER_INPUT = f"{TYPES}.type.matcher.v3.HttpRequestHeaderMatchInput"
ORIGINS = ("https://a.example.com", "http://bookstore", "https://evil.test", "https://A.example.com",
           "http://bookstore:80", "bookstore", "http://u@bookstore", "https://a.example.com/x",
           "file://", "http://[::1]:80")  # fmt: skip
REMOVED = ({"exact": "x-user"}, {"prefix": "ver"}, {"suffix": "env"}, {"contains": "ser"},
           {"safe_regex": {"regex": "x-[eu].*"}}, {"exact": "X-User"},
           {"prefix": "X-U", "ignore_case": True}, {"suffix": "agent"})  # fmt: skip
SCRIPT = """function envoy_on_request(h)
  h:headers():add("osm-stats-pod", "bookbuyer-1")
  h:headers():replace("x-env", "lua")
end"""


def draw_http_filters(draw: Draw) -> Case:
    """Draw a chain of HTTP filters and routes that override them."""
    filters = []
    names = []
    for kind in draw.some(list(KINDS), 1, 5):
        name = f"my.{kind}"
        names.append(kind)
        one = http_filter(name, f"{TYPE_NAMES[kind]}", **KINDS[kind](draw))
        one = _held(draw, one) if draw.maybe(0.1) else one
        filters.append(one | draw.fields(0.12, disabled=lambda: True))
    routes = [
        _route(draw, prefix, names) for prefix in draw.some(("/books", "/api", "/a", "/"), 1, 4)
    ]
    host: Json = {"name": "all", "domains": ["*"], "routes": routes, **_overrides(draw, names)}
    table: Json = {"name": "routes", "virtual_hosts": [host], **_overrides(draw, names)}
    manager: Json = {"http_filters": filters}
    if draw.maybe(0.4):
        manager["local_reply_config"] = _local_replies(draw)
    listener = http_listener(table, **manager)
    return Case(family="http_filters", listener=listener, requests=requests(draw, _request))


def _held(draw: Draw, inner: Json) -> Json:
    """Put a filter into one that holds it, always or where its matcher says so."""
    if draw.maybe(0.3):
        chain = {"filters": [inner]}
        return http_filter(
            "my.holder", "filter_chain.v3.FilterChainConfig", default_filter_chain=chain
        )
    chosen = draw.one(
        typed_config=lambda: inner,
        filter_chain=lambda: {"typed_config": [inner]},
        filter_chain_name=lambda: draw.choice(("one", "none")),
    )
    action = {"name": "run", "typed_config": {"@type": EXECUTE, **chosen}}
    header = {"@type": HEADER_INPUT, "header_name": draw.choice(("x-user", "x-env", ":method"))}
    single = {
        "input": {"name": "header", "typed_config": header},
        "value_match": string_match(draw, ("a", "b", "GET", "POST")),
    }
    matchers = [{"predicate": {"single_predicate": single}, "on_match": {"action": action}}]
    return http_filter(
        "my.composite",
        "composite.v3.Composite",
        matcher={"matcher_list": {"matchers": matchers}},
        named_filter_chains={"one": {"typed_config": [inner]}},
    )


def _route(draw: Draw, prefix: str, names: list[str]) -> Json:
    route: Json = {"name": prefix, "match": {"prefix": prefix}, **_overrides(draw, names)}
    # What filters change makes another route fit, where they make Envoy look for one again.
    if draw.maybe(0.3):
        value = draw.choice(("lua", "a", "plain", "v1"))
        header = {
            "name": draw.choice(("x-env", "x-user", "x-new")),
            "string_match": {"exact": value},
        }
        route["match"]["headers"] = [header]
    if draw.maybe(0.15):
        return route | {"direct_response": {"status": draw.choice((200, 404, 503))}}
    return route | {"route": {"cluster": draw.choice(("alpha", "beta", "empty"))}}


def _overrides(draw: Draw, names: list[str]) -> Json:
    overridden = {}
    for kind in names:
        if draw.maybe(0.15):
            own: Callable[[Draw], Json] | None = PER_ROUTE.get(kind)
            override = DISABLED if own is None or draw.maybe(0.3) else own(draw)
            overridden[f"my.{kind}"] = override
    return {"typed_per_filter_config": overridden} if overridden else {}


def _percent(draw: Draw) -> Json:
    numerator, denominator = draw.choice(
        (
            (0, "HUNDRED"),
            (100, "HUNDRED"),
            (100, "HUNDRED"),
            (10000, "TEN_THOUSAND"),
            (0, "MILLION"),
        )
    )
    return {"numerator": numerator, "denominator": denominator}


def _fault(draw: Draw) -> Json:
    abort = draw.one(
        http_status=lambda: draw.choice((404, 418, 503, 200, 599)),
        grpc_status=lambda: draw.choice((14, 1, 16, 7, 5)),
        header_abort=dict,
    )
    fault: Json = {"abort": abort | {"percentage": _percent(draw)}}
    return fault | draw.fields(
        0.3,
        upstream_cluster=lambda: draw.choice(("alpha", "beta")),
        headers=lambda: [header_match(draw)],
        max_active_faults=lambda: draw.choice((0, 10)),
    )


def _cors(draw: Draw) -> Json:
    policy: Json = {"allow_methods": "GET,POST"}
    return policy | draw.fields(
        0.7,
        allow_origin_string_match=lambda: [string_match(draw, ORIGINS)],
        filter_enabled=lambda: {"default_value": _percent(draw)},
        forward_not_matching_preflights=draw.maybe,
    )


def _csrf(draw: Draw) -> Json:
    policy: Json = {"filter_enabled": {"default_value": _percent(draw)}}
    return policy | draw.fields(
        0.4,
        shadow_enabled=lambda: {"default_value": _percent(draw)},
        additional_origins=lambda: [string_match(draw, ("a.example.com", "evil.test"))],
    )


def _header_mutation(draw: Draw) -> Json:
    def mutation() -> Json:
        return draw.one(
            remove=lambda: draw.choice(("x-user", "x-env", "version")),
            append=lambda: addition(draw),
            remove_on_match=lambda: {"key_matcher": draw.choice(REMOVED)},
        )

    return {"mutations": {"request_mutations": draw.several(mutation, 1, 3)}}


def _health_check(draw: Draw) -> Json:
    matchers = [{"name": ":path", "string_match": string_match(draw, ("/books", "/api/v1"))}]
    return {"pass_through_mode": False, "headers": matchers} | draw.fields(
        0.3,
        cluster_min_healthy_percentages=lambda: {
            draw.choice(("alpha", "empty")): {"value": draw.choice((0, 50, 100))}
        },
    )


def _lua(draw: Draw) -> Json:
    return {"default_source_code": {"inline_string": SCRIPT}}


KINDS: dict[str, Callable[[Draw], Json]] = {
    "fault": _fault,
    "cors": lambda draw: {},
    "csrf": _csrf,
    "header_mutation": _header_mutation,
    "health_check": _health_check,
    "lua": _lua,
    "rbac": lambda draw: {"rules": rules(draw, http=True)},
    "cdn_loop": lambda draw: {"cdn_id": "oracle", "max_allowed_occurrences": draw.randint(0, 2)},
    "grpc_web": lambda draw: {},
    "buffer": lambda draw: {"max_request_bytes": 1000},
}
TYPE_NAMES = {
    "fault": "fault.v3.HTTPFault",
    "cors": "cors.v3.Cors",
    "csrf": "csrf.v3.CsrfPolicy",
    "header_mutation": "header_mutation.v3.HeaderMutation",
    "health_check": "health_check.v3.HealthCheck",
    "lua": "lua.v3.Lua",
    "rbac": "rbac.v3.RBAC",
    "cdn_loop": "cdn_loop.v3.CdnLoopConfig",
    "grpc_web": "grpc_web.v3.GrpcWeb",
    "buffer": "buffer.v3.Buffer",
}


def _typed(name: str, config: Json) -> Json:
    return {"@type": f"{FILTERS}.http.{name}", **config}


PER_ROUTE: dict[str, Callable[[Draw], Json]] = {
    "fault": lambda draw: _typed("fault.v3.HTTPFault", _fault(draw)),
    "cors": lambda draw: _typed("cors.v3.CorsPolicy", _cors(draw)),
    "csrf": lambda draw: _typed("csrf.v3.CsrfPolicy", _csrf(draw)),
    "header_mutation": lambda draw: _typed(
        "header_mutation.v3.HeaderMutationPerRoute", _header_mutation(draw)
    ),
    "lua": lambda draw: _typed("lua.v3.LuaPerRoute", {"disabled": True}),
    "rbac": lambda draw: _typed(
        "rbac.v3.RBACPerRoute", {"rbac": {"rules": rules(draw, http=True)}}
    ),
    "buffer": lambda draw: _typed("buffer.v3.BufferPerRoute", {"disabled": True}),
}


def _local_replies(draw: Draw) -> Json:
    def mapper() -> Json:
        return {"filter": _reply_filter(draw)} | draw.fields(
            0.7, status_code=lambda: draw.choice((418, 503, 599))
        )

    return {"mappers": draw.several(mapper, 1, 3)}


def _reply_filter(draw: Draw) -> Json:
    def of_code() -> Json:
        value = {"default_value": draw.choice((403, 404, 503)), "runtime_key": "oracle"}
        return {"comparison": {"op": draw.choice(("EQ", "GE", "LE", "NE")), "value": value}}

    kind = draw.random()
    if kind < 0.2:
        name = draw.choice(("and_filter", "or_filter"))
        return {name: {"filters": [_reply_filter(draw), _reply_filter(draw)]}}
    return draw.one(
        status_code_filter=of_code,
        header_filter=lambda: {"header": header_match(draw)},
        response_flag_filter=lambda: {"flags": draw.some(("NR", "UH", "FI", "NC", "UAEX"), 1, 2)},
    )


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    sent = {
        "origin": lambda: draw.choice((*ORIGINS, "null", "")),
        "access-control-request-method": lambda: draw.choice(("GET", "PUT", "", "get", "*")),
        "access-control-request-private-network": lambda: draw.choice(("true", "false")),
        "referer": lambda: draw.choice((*ORIGINS, "http://bookstore/#f", "r")),
        "x-envoy-fault-abort-request": lambda: draw.choice(
            ("503", "abc", "100", "404", "200", "199", "600", "599", " 503", "+503", "0", "")
        ),
        "x-envoy-fault-abort-grpc-request": lambda: draw.choice(("14", "0", "99", "x", "-1", "16")),
        "x-envoy-fault-abort-request-percentage": lambda: draw.choice(
            ("0", "100", "x", "101", "", "-1")
        ),
        "cdn-loop": lambda: draw.choice(
            (
                "oracle",
                "oracle, oracle",
                "other; a=b",
                "=bad",
                "",
                "Oracle",
                "oracle;x=y",
                ",oracle,",
                'a;b="q,oracle"',
                "[::1]:80, oracle",
                ["oracle", "oracle"],
                "oracle other",
                "a:80",
                "é",
            )
        ),
        "content-type": lambda: draw.choice(
            (
                "application/grpc",
                "application/grpc-web",
                "application/grpc-web-text",
                "application/grpc-web+proto",
                "application/grpc-web-text+proto",
                "application/json",
            )
        ),
    }
    request["headers"] |= draw.fields(0.2, **sent)
    return request
