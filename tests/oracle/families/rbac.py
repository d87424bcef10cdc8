"""RBAC: trees of permissions and principals, in network and HTTP filters, overridden, disabled."""

from tests.oracle.blocks import (
    HEADER_VALUES,
    PATHS,
    PORTS,
    header_match,
    http_chain,
    http_filter,
    http_request,
    listener_filter,
    match_tree,
    prefix_range,
    requests,
    string_match,
    tcp_chain,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, TYPES
from tests.oracle.families.expressions import expression

NAMES = ("a.example.com", "bookstore", "x.y.example.com")
RULES = {"and": "and_rules", "or": "or_rules", "not": "not_rule", "list": "rules"}
IDS = {"and": "and_ids", "or": "or_ids", "not": "not_id", "list": "ids"}
DISABLED = {"@type": f"{TYPES}.config.route.v3.FilterConfig", "disabled": True, "config": {}}


def draw_rbac(draw: Draw) -> Case:
    """Draw a chain with network RBAC, HTTP RBAC, or both."""
    network = draw.some([network_rbac(draw), network_rbac(draw)], 0, 2)
    if draw.maybe(0.3):
        chain = tcp_chain("tcp", "alpha")
        network = network or [network_rbac(draw)]
    else:
        chain = http_chain("http", _manager(draw))
    chain["filters"] = [*network, *chain["filters"]]
    listener = {"filter_chains": [chain]}
    if draw.maybe(0.4):
        listener["listener_filters"] = [listener_filter("tls", "tls_inspector.v3.TlsInspector")]
    return Case(family="rbac", listener=listener, requests=requests(draw, _request))


def network_rbac(draw: Draw) -> Json:
    """Draw a network RBAC filter."""
    config: Json = {"@type": f"{FILTERS}.network.rbac.v3.RBAC"}
    config |= {"rules": rules(draw, http=False), "stat_prefix": "r"}
    return {"name": "network", "typed_config": config}


def _manager(draw: Draw) -> Json:
    filters = [_http_filter(draw, f"rbac-{number}") for number in range(draw.randint(1, 2))]
    routes = [_route(draw, prefix) for prefix in draw.some(("/books", "/api", "/a", "/"), 1, 4)]
    host: Json = {"name": "all", "domains": ["*"], "routes": routes, **_overrides(draw)}
    configuration = {"name": "routes", "virtual_hosts": [host], **_overrides(draw)}
    return {"route_config": configuration, "http_filters": filters}


def _http_filter(draw: Draw, name: str) -> Json:
    one = http_filter(name, "rbac.v3.RBAC", **_http_rules(draw))
    return one | draw.fields(0.1, disabled=lambda: True)


def _http_rules(draw: Draw) -> Json:
    kind = draw.random()
    if kind < 0.1:
        return {}
    if kind < 0.2:
        return {"shadow_rules": rules(draw, http=True)}
    if kind < 0.35:
        return {"matcher": _matcher(draw)}
    return {"rules": rules(draw, http=True)}


def _route(draw: Draw, prefix: str) -> Json:
    action = {"cluster": draw.choice(("alpha", "beta"))}
    return {"name": prefix, "match": {"prefix": prefix}, "route": action, **_overrides(draw)}


def _overrides(draw: Draw) -> Json:
    if not draw.maybe(0.25):
        return {}
    kind = f"{FILTERS}.http.rbac.v3.RBACPerRoute"
    override: Json = {"@type": kind}
    override |= draw.fields(0.8, rbac=lambda: _http_rules(draw))
    if draw.maybe(0.2):
        override = DISABLED
    return {"typed_per_filter_config": {draw.choice(("rbac-0", "rbac-1")): override}}


def rules(draw: Draw, *, http: bool) -> Json:
    """Draw the rules of an RBAC filter."""
    policies = {}
    for number in range(draw.randint(0, 3)):
        policies[f"policy-{number}"] = {
            "permissions": draw.several(lambda: _permission(draw, http), 1, 2),
            "principals": draw.several(lambda: _principal(draw, http), 1, 2),
            **draw.fields(0.2, condition=lambda: expression(draw, http=http)),
        }
    action = draw.choice(("ALLOW", "ALLOW", "DENY", "LOG"))
    return {"action": action, "policies": policies}


def _permission(draw: Draw, http: bool) -> Json:
    def leaf(draw: Draw) -> Json:
        kinds = {
            "any": lambda: True,
            "destination_ip": lambda: prefix_range(draw),
            "destination_port": lambda: draw.choice(PORTS),
            "destination_port_range": lambda: draw.choice(
                (
                    {"start": 80, "end": 443},
                    {"start": 443, "end": 444},
                    {"start": 0, "end": 65536},
                    {"start": 80, "end": 81},
                    {"end": 80},
                )
            ),
            "metadata": lambda: _metadata(draw),
            "requested_server_name": lambda: string_match(draw, NAMES),
        }
        if http:
            kinds |= {
                "header": lambda: header_match(draw),
                "url_path": lambda: {"path": string_match(draw, PATHS)},
                "uri_template": lambda: _template(draw),
            }
        return draw.one(**kinds)

    return match_tree(draw, leaf, RULES)


def _principal(draw: Draw, http: bool) -> Json:
    def leaf(draw: Draw) -> Json:
        kinds = {
            "any": lambda: True,
            "authenticated": lambda: _authenticated(draw),
            "source_ip": lambda: prefix_range(draw),
            "direct_remote_ip": lambda: prefix_range(draw),
            "remote_ip": lambda: prefix_range(draw),
            "metadata": lambda: _metadata(draw),
            "filter_state": lambda: {"key": "oracle", "string_match": string_match(draw, NAMES)},
        }
        if http:
            kinds |= {
                "header": lambda: header_match(draw),
                "url_path": lambda: {"path": string_match(draw, PATHS)},
            }
        return draw.one(**kinds)

    return match_tree(draw, leaf, IDS)


def _metadata(draw: Draw) -> Json:
    """Draw a condition on metadata that nobody sets."""
    value = draw.one(
        present_match=draw.maybe, string_match=lambda: string_match(draw, NAMES), null_match=dict
    )
    matcher = {"filter": "oracle", "path": [{"key": "a"}], "value": value}
    return matcher | draw.fields(0.3, invert=lambda: True)


def _authenticated(draw: Draw) -> Json:
    names = ("bookbuyer.bookbuyer.cluster.local", "spiffe://cluster.local/ns/a/sa/b")
    return draw.fields(0.7, principal_name=lambda: string_match(draw, names))


def _template(draw: Draw) -> Json:
    kind = f"{TYPES}.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
    template = draw.choice(
        (
            "/books/{id}",
            "/api/*/x",
            "/**",
            "/*",
            "/{a}/{b}",
            "/books",
            "/{x=**}.html",
            "/api/{v=v1}",
        )
    )
    return {"name": "t", "typed_config": {"@type": kind, "path_template": template}}


def _matcher(draw: Draw) -> Json:
    header = f"{TYPES}.type.matcher.v3.HttpRequestHeaderMatchInput"
    action = "type.googleapis.com/envoy.config.rbac.v3.Action"

    def on_match() -> Json:
        config = {"@type": action, "name": "a", "action": draw.choice(("ALLOW", "DENY"))}
        return {"action": {"name": "action", "typed_config": config}}

    source = {"@type": header, "header_name": draw.choice(("x-user", "version"))}
    values = [value for value in HEADER_VALUES if value]
    tree: Json = {"input": {"name": "header", "typed_config": source}}
    tree |= draw.one(
        exact_match_map=lambda: {"map": {draw.choice(values): on_match()}},
        prefix_match_map=lambda: {"map": {draw.choice(values)[:1]: on_match()}},
    )
    matcher: Json = {"matcher_tree": tree}
    return matcher | draw.fields(0.6, on_no_match=on_match)


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.1):
        request["headers"]["x-forwarded-for"] = draw.choice(
            ("10.0.0.1", "8.8.8.8", "10.244.1.7", "x", "", "1.1.1.1, 10.96.0.10", "::ffff:10.0.0.1")
        )
    if draw.maybe(0.1):
        request |= {"tls": True, "sni": draw.choice(NAMES)}
    return request
