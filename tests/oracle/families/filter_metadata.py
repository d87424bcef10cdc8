"""What filters leave in metadata and filter state, and what reads it: rules, matchers, headers."""

from tests.oracle.blocks import (
    HEADER_VALUES,
    http_filter,
    http_listener,
    http_request,
    match_tree,
    requests,
    string_match,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES
from tests.oracle.families.rbac import IDS

NAMESPACE = "oracle"
KEYS = ("a", "b", "c")
STATES = ("own", "other")
INPUTS = f"{TYPES}.extensions.matching.common_inputs.network.v3"
MATCHERS = f"{TYPES}.extensions.matching.input_matchers"
READ = ("%DYNAMIC_METADATA(oracle:a)%", "%DYNAMIC_METADATA(oracle:b)%", "%FILTER_STATE(own:PLAIN)%",
        "%FILTER_STATE(other)%", "%FILTER_STATE(own:TYPED)%", "%DYNAMIC_METADATA(oracle:c:d)%",
        "%DYNAMIC_METADATA(oracle)%")  # fmt: skip


def draw_filter_metadata(draw: Draw) -> Case:
    """Draw filters that write and filters that read."""
    filters = draw.several(lambda: _writer(draw), 1, 3) + draw.several(lambda: _reader(draw), 0, 2)
    if draw.maybe(0.2):
        draw.shuffle(filters)
    for number, one in enumerate(filters):
        one["name"] = f"filter-{number}"
    routes = []
    for prefix in draw.some(("/books", "/api", "/"), 1, 3):
        route: Json = {"name": prefix, "match": {"prefix": prefix}, "route": {"cluster": "alpha"}}
        if draw.maybe(0.2):
            route["match"]["dynamic_metadata"] = [_metadata_matcher(draw)]
        route["metadata"] = {"filter_metadata": {NAMESPACE: {"a": draw.choice(("v1", "b"))}}}
        value = draw.choice(READ)
        route["request_headers_to_add"] = [{"header": {"key": "x-read", "value": value}}]
        routes.append(route)
    host = {"name": "all", "domains": ["*"], "routes": routes}
    listener = http_listener({"name": "routes", "virtual_hosts": [host]}, http_filters=filters)
    return Case(family="filter_metadata", listener=listener, requests=requests(draw, _request))


def _writer(draw: Draw) -> Json:
    kind = draw.random()
    if kind < 0.35:
        entry: Json = {"metadata_namespace": NAMESPACE, "value": _values(draw)}
        entry |= draw.fields(0.4, allow_overwrite=lambda: True)
        return http_filter("set", "set_metadata.v3.Config", metadata=[entry])
    if kind < 0.75:
        rules = draw.several(lambda: _header_rule(draw), 1, 2)
        return http_filter("header", "header_to_metadata.v3.Config", request_rules=rules)
    source = draw.choice(("%REQ(x-user)%", "fixed", "%REQ(:path)%", "%REQ(x-missing)%"))
    factory = draw.choice(("envoy.string", "envoy.string", "envoy.network.ip"))
    state: Json = {"object_key": draw.choice(STATES), "factory_key": factory}
    state["format_string"] = {"text_format_source": {"inline_string": source}}
    state["format_string"] |= draw.fields(0.3, omit_empty_values=draw.maybe)
    state |= draw.fields(0.3, skip_if_empty=lambda: True)
    return http_filter("state", "set_filter_state.v3.Config", on_request_headers=[state])


def _values(draw: Draw) -> Json:
    values: Json = {}
    for key in draw.some(KEYS, 1, 3):
        values[key] = draw.choice(("v1", "b", 1, 2.5, True, ["v1", "b"], {"d": "v1"}))
    return values


def _header_rule(draw: Draw) -> Json:
    rule = draw.one(
        header=lambda: draw.choice(("x-user", "version", "x-missing")), cookie=lambda: "session"
    )

    def target() -> Json:
        pair: Json = {"metadata_namespace": NAMESPACE, "key": draw.choice(KEYS)}
        return pair | draw.fields(0.4, value=lambda: "v1")

    rule |= draw.fields(0.8, on_header_present=target)
    if draw.maybe(0.4) or "on_header_present" not in rule:
        rule["on_header_missing"] = target() | {"value": draw.choice(("b", "none"))}
    if "header" in rule and draw.maybe(0.2):
        rule["remove"] = True
    return rule


def _reader(draw: Draw) -> Json:
    if draw.maybe(0.3):
        return http_filter("rbac", "rbac.v3.RBAC", matcher=_tree(draw))
    policy = {"permissions": [{"any": True}], "principals": [_principal(draw)]}
    action = draw.choice(("ALLOW", "DENY"))
    rules = {"action": action, "policies": {"policy": policy}}
    return http_filter("rbac", "rbac.v3.RBAC", rules=rules)


def _principal(draw: Draw) -> Json:
    def leaf(draw: Draw) -> Json:
        return draw.one(
            metadata=lambda: _metadata_matcher(draw),
            filter_state=lambda: _state_matcher(draw),
            sourced_metadata=lambda: {
                "metadata_matcher": _metadata_matcher(draw),
                "metadata_source": draw.choice(("DYNAMIC", "ROUTE")),
            },
        )

    return match_tree(draw, leaf, IDS)


def _metadata_matcher(draw: Draw) -> Json:
    path = [{"key": draw.choice(KEYS)}] + ([{"key": "d"}] if draw.maybe(0.2) else [])
    return {"filter": NAMESPACE, "path": path, "value": _value_matcher(draw)} | draw.fields(
        0.2, invert=lambda: True
    )


def _value_matcher(draw: Draw, depth: int = 1) -> Json:
    kinds = {
        "string_match": lambda: string_match(draw, ("v1", "b", "Beta", "fixed")),
        "double_match": lambda: draw.one(
            exact=lambda: draw.choice((1, 2.5)), range=lambda: {"start": 0, "end": 2}
        ),
        "bool_match": draw.maybe,
        "present_match": lambda: draw.maybe(0.8),
        "null_match": dict,
    }
    if depth:
        kinds["list_match"] = lambda: {"one_of": _value_matcher(draw, depth - 1)}
        kinds["or_match"] = lambda: {
            "value_matchers": [_value_matcher(draw, depth - 1) for _ in range(2)]
        }
    return draw.one(**kinds)


def _state_matcher(draw: Draw) -> Json:
    return {
        "key": draw.choice(STATES),
        "string_match": string_match(draw, ("fixed", "v1", "b", "/books", "-")),
    }


def _tree(draw: Draw) -> Json:
    def on_match() -> Json:
        config = {"@type": "type.googleapis.com/envoy.config.rbac.v3.Action", "name": "a"}
        action = {"action": draw.choice(("ALLOW", "DENY"))}
        return {"action": {"name": "action", "typed_config": config | action}}

    if draw.maybe():
        source: Json = {"@type": f"{INPUTS}.FilterStateInput", "key": draw.choice(STATES)}
        match: Json = {"value_match": string_match(draw, ("fixed", "v1", "b", "/books"))}
    else:
        source = {"@type": f"{INPUTS}.DynamicMetadataInput", "filter": NAMESPACE}
        source["path"] = [{"key": draw.choice(KEYS)}]
        custom = {"@type": f"{MATCHERS}.metadata.v3.Metadata", "value": _value_matcher(draw)}
        match = {"custom_match": {"name": "metadata", "typed_config": custom}}
    if "value_match" in match and "safe_regex" in match["value_match"]:
        match["value_match"]["safe_regex"]["google_re2"] = {}
    predicate = {"single_predicate": {"input": {"name": "in", "typed_config": source}, **match}}
    matcher = {"matcher_list": {"matchers": [{"predicate": predicate, "on_match": on_match()}]}}
    return matcher | draw.fields(0.6, on_no_match=on_match)


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    request["headers"] |= draw.fields(
        0.5,
        **{
            "x-user": lambda: draw.choice((*HEADER_VALUES, "fixed")),
            "cookie": lambda: draw.choice(("session=v1", "session=b", "other=1")),
        },
    )
    return request
