"""Filters of gateways: compression, bridges to gRPC, tags, authorization, replaced replies."""

from collections.abc import Callable

from tests.oracle.blocks import (
    HEADER_VALUES,
    header_match,
    http_listener,
    http_request,
    prefix_range,
    requests,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, TYPES
from tests.oracle.families.matchers import HEADER, Input, draw_matcher
from tests.oracle.families.rbac import DISABLED
from tests.oracle.upstream_cases import INTERNAL

COMPRESSION = f"{TYPES}.extensions.compression"
CUSTOM = f"{TYPES}.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy"
EXECUTE = f"{FILTERS}.http.composite.v3.ExecuteFilterAction"
SKIP = f"{TYPES}.extensions.filters.common.matcher.action.v3.SkipFilter"
WRAPPER = f"{TYPES}.extensions.common.matching.v3.ExtensionWithMatcher"
INPUTS = f"{TYPES}.type.matcher.v3"
TYPES_OF_CONTENT = ("application/connect+json", "application/connect+proto", "application/json",
                    "application/proto", "application/x-protobuf", "application/grpc", "text/plain",
                    "application/grpc-web")  # fmt: skip


def draw_gateway_filters(draw: Draw) -> Case:
    """Draw a chain of filters, routes that override them, and replies that they replace."""
    names = draw.some(list(KINDS), 1, 3)
    if "oauth2" in names:
        # The details of what it answers are gone where a custom response takes its place.
        names = [name for name in names if name != "custom"]
    filters = [
        {"name": name, "typed_config": KINDS[name](draw)} | draw.fields(0.06, disabled=lambda: True)
        for name in names
    ]
    if draw.maybe(0.3):
        filters.insert(
            draw.randint(0, len(filters)), {"name": "fault", "typed_config": _fault(draw)}
        )
    routes = [
        _route(draw, prefix, names) for prefix in draw.some(("/books", "/api", "/a", "/"), 1, 3)
    ]
    host = {"name": "all", "domains": ["*"], "routes": routes, **_overrides(draw, names)}
    table = {"name": "routes", "virtual_hosts": [host]}
    return Case(
        family="gateway_filters",
        listener=http_listener(table, http_filters=filters, **INTERNAL),
        requests=requests(draw, lambda draw: _request(draw, names)),
    )


def _route(draw: Draw, prefix: str, names: list[str]) -> Json:
    route: Json = {"name": prefix, "match": {"prefix": prefix}, **_overrides(draw, names)}
    if draw.maybe(0.15):
        return route | {"direct_response": {"status": draw.choice((200, 404, 503))}}
    return route | {"route": {"cluster": draw.choice(("alpha", "beta", "alpha", "empty"))}}


def _overrides(draw: Draw, names: list[str]) -> Json:
    per_route = {
        name: PER_ROUTE[name](draw) if name in PER_ROUTE and draw.maybe(0.7) else DISABLED
        for name in names
        if draw.maybe(0.2)
    }
    return {"typed_per_filter_config": per_route} if per_route else {}


def _typed(kind: str, **fields: object) -> Json:
    return {"@type": f"{FILTERS}.http.{kind}", **fields}


def _library(use: str, kind: str) -> Json:
    library = {"@type": f"{COMPRESSION}.{kind.lower()}.{use}.v3.{kind}"}
    return {"name": kind, "typed_config": library}


def _switch(draw: Draw) -> Json:
    enabled = {"default_value": draw.maybe(0.7), "runtime_key": "oracle.on"}
    return {"common_config": {"enabled": enabled}} if draw.maybe(0.6) else {}


def _compressor(draw: Draw) -> Json:
    library = _library("compressor", draw.choice(("Gzip", "Brotli", "Zstd")))
    return _typed("compressor.v3.Compressor", compressor_library=library) | draw.fields(
        0.6,
        response_direction_config=lambda: _switch(draw) | _removing(draw),
        request_direction_config=lambda: _switch(draw),
    )


def _removing(draw: Draw) -> Json:
    return draw.fields(0.7, remove_accept_encoding_header=draw.maybe)


def _compressor_per_route(draw: Draw) -> Json:
    overrides = {"response_direction_config": _removing(draw)}
    chosen = draw.one(disabled=lambda: True, overrides=lambda: overrides)
    return _typed("compressor.v3.CompressorPerRoute", **chosen)


def _decompressor(draw: Draw) -> Json:
    library = _library("decompressor", draw.choice(("Gzip", "Brotli", "Zstd")))
    advertising = draw.fields(0.4, advertise_accept_encoding=draw.maybe)
    return _typed("decompressor.v3.Decompressor", decompressor_library=library) | draw.fields(
        0.6,
        request_direction_config=lambda: _switch(draw) | advertising,
        response_direction_config=lambda: _switch(draw),
    )


def _bridge(draw: Draw) -> Json:
    return _typed(
        "grpc_http1_bridge.v3.Config",
        **draw.fields(0.7, upgrade_protobuf_to_grpc=draw.maybe, ignore_query_parameters=draw.maybe),
    )


def _ip_tagging(draw: Draw) -> Json:
    tags = [
        {"ip_tag_name": name, "ip_list": draw.several(lambda: prefix_range(draw), 1, 2)}
        for name in draw.some(("office", "cloud", "abroad"), 1, 3)
    ]
    return _typed("ip_tagging.v3.IPTagging", ip_tags=tags) | draw.fields(
        0.4,
        request_type=lambda: draw.choice(("BOTH", "INTERNAL", "EXTERNAL")),
        ip_tag_header=lambda: {
            "header": "x-tags",
            "action": draw.choice(("SANITIZE", "APPEND_IF_EXISTS_OR_ADD")),
        },
    )


def _adding(value: str) -> Json:
    change = {"append": {"header": {"key": "x-added", "value": value}}}
    mutations = {"request_mutations": [change]}
    return _typed("header_mutation.v3.HeaderMutation", mutations=mutations)


def _matcher(draw: Draw, action: Callable[[], Json]) -> Json:
    def source() -> Input:
        name = draw.choice(("x-user", "version", ":method"))
        config = {"@type": HEADER, "header_name": name}
        known = tuple(value for value in HEADER_VALUES if value)
        values = ("GET", "POST") if name == ":method" else known
        return {"name": "in", "typed_config": config}, values

    return draw_matcher(draw, source, action, 1)


def _skip(draw: Draw) -> Json:
    def action() -> Json:
        return {"name": "skip", "typed_config": {"@type": SKIP}}

    return _matcher(draw, action)


def _delegate(draw: Draw) -> Json:
    inner = draw.choice((_adding("delegated"), _fault(draw)))
    extension = {"name": "inner", "typed_config": inner}
    return {"@type": WRAPPER, "extension_config": extension, "xds_matcher": _skip(draw)}


def _delegate_per_route(draw: Draw) -> Json:
    return {"@type": f"{WRAPPER}PerRoute", "xds_matcher": _skip(draw)}


def _held(draw: Draw) -> list[Json]:
    """Draw filters that another one holds."""
    held = [
        {"name": f"held-{number}", "typed_config": _adding(f"held-{number}")} for number in (1, 2)
    ]
    return draw.some([*held, {"name": "held-3", "typed_config": _fault(draw)}], 1, 3)


def _chain(draw: Draw) -> Json:
    chain = {"filters": _held(draw)}
    fields = draw.fields(0.9, default_filter_chain=lambda: chain)
    return _typed("filter_chain.v3.FilterChainConfig", **fields)


def _chain_per_route(draw: Draw) -> Json:
    return _typed(
        "filter_chain.v3.FilterChainConfigPerRoute", filter_chain={"filters": _held(draw)}
    )


def _choosing(draw: Draw) -> Json:
    """Draw a composite filter with a matcher of its own."""

    def action() -> Json:
        run = draw.one(
            typed_config=lambda: {"name": "inner", "typed_config": _adding("one")},
            filter_chain=lambda: {"typed_config": _held(draw)},
            filter_chain_name=lambda: draw.choice(("known", "unknown")),
        )
        return {"name": "run", "typed_config": {"@type": EXECUTE, **run}}

    known = {"known": {"typed_config": _held(draw)}}
    fields = draw.fields(0.9, matcher=lambda: _matcher(draw, action))
    return _typed("composite.v3.Composite", named_filter_chains=known, **fields)


def _choosing_per_route(draw: Draw) -> Json:
    def action() -> Json:
        inner = {"name": "inner", "typed_config": _adding("of the route")}
        return {"name": "run", "typed_config": {"@type": EXECUTE, "typed_config": inner}}

    return _typed("composite.v3.CompositePerRoute", matcher=_matcher(draw, action))


def _composite(draw: Draw) -> Json:
    def action() -> Json:
        chosen = draw.choice((_adding("chosen"), _adding("other"), _fault(draw)))
        run: Json = {"typed_config": {"name": "inner", "typed_config": chosen}}
        if draw.maybe(0.3):
            percent = {"numerator": draw.choice((0, 100)), "denominator": "HUNDRED"}
            run["sample_percent"] = {"default_value": percent, "runtime_key": "oracle.sample"}
        return {"name": "run", "typed_config": {"@type": EXECUTE, **run}}

    extension = {"name": "composite", "typed_config": _typed("composite.v3.Composite")}
    return {"@type": WRAPPER, "extension_config": extension, "xds_matcher": _matcher(draw, action)}


def _fault(draw: Draw) -> Json:
    abort = {"http_status": draw.choice((404, 418, 503)), "percentage": {"numerator": 100}}
    return _typed("fault.v3.HTTPFault", abort=abort, headers=[header_match(draw)])


def _service(draw: Draw) -> Json:
    cluster = draw.choice(("alpha", "alpha", "empty", "nowhere"))
    uri = {"uri": "http://authorization", "cluster": cluster, "timeout": "1s"}
    return {"server_uri": uri}


def _ext_authz(draw: Draw) -> Json:
    return _typed("ext_authz.v3.ExtAuthz", http_service=_service(draw)) | draw.fields(
        0.35,
        failure_mode_allow=draw.maybe,
        failure_mode_allow_header_add=draw.maybe,
        status_on_error=lambda: {"code": draw.choice(("ServiceUnavailable", "Unauthorized"))},
        filter_enabled=lambda: {
            "default_value": {"numerator": draw.choice((0, 0, 100))},
            "runtime_key": "oracle.enabled",
        },
        deny_at_disable=lambda: {"default_value": draw.maybe(), "runtime_key": "oracle.deny"},
    )


def _ext_authz_per_route(draw: Draw) -> Json:
    settings = {"http_service": _service(draw)}
    chosen = draw.one(disabled=lambda: True, check_settings=lambda: settings)
    return _typed("ext_authz.v3.ExtAuthzPerRoute", **chosen)


def _oauth2(draw: Draw) -> Json:
    secret = {"name": "secret"}
    endpoint = {"uri": "http://tokens/token", "cluster": "alpha", "timeout": "1s"}
    config = {
        "token_endpoint": endpoint,
        "authorization_endpoint": "https://authorization.example.com/",
        "redirect_uri": "http://bookstore/callback",
        "redirect_path_matcher": {"path": {"exact": "/callback"}},
        "signout_path": {"path": {"exact": "/signout"}},
        "credentials": {"client_id": "c", "token_secret": secret, "hmac_secret": secret},
        "pass_through_matcher": draw.several(lambda: header_match(draw), 1, 3),
    }
    return _typed("oauth2.v3.OAuth2", config=config)


def _custom_response(draw: Draw) -> Json:
    def action() -> Json:
        policy = draw.fields(0.7, status_code=lambda: draw.choice((200, 418, 499, 503)))
        return {"name": "policy", "typed_config": {"@type": CUSTOM, **policy}}

    def source() -> Input:
        kind, values = draw.choice(
            (
                ("HttpResponseStatusCodeMatchInput", ("503", "404", "418", "200")),
                ("HttpResponseStatusCodeClassMatchInput", ("5xx", "4xx")),
            )
        )
        return {"name": "in", "typed_config": {"@type": f"{INPUTS}.{kind}"}}, values

    matcher = draw_matcher(draw, source, action, 1)
    return _typed("custom_response.v3.CustomResponse", custom_response_matcher=matcher)


KINDS: dict[str, Callable[[Draw], Json]] = {
    "compressor": _compressor,
    "decompressor": _decompressor,
    "connect": lambda draw: _typed("connect_grpc_bridge.v3.FilterConfig"),
    "bridge": _bridge,
    "tags": _ip_tagging,
    "delegate": _delegate,
    "composite": _composite,
    "choosing": _choosing,
    "chain": _chain,
    "authz": _ext_authz,
    "oauth2": _oauth2,
    "custom": _custom_response,
    "admission": lambda draw: _typed("admission_control.v3.AdmissionControl", success_criteria={
        "http_criteria": {"http_success_status": [{"start": 100, "end": 599}]},
        "grpc_criteria": {"grpc_success_status": list(range(17))},
    }),
}  # fmt: skip
PER_ROUTE: dict[str, Callable[[Draw], Json]] = {
    "compressor": _compressor_per_route,
    "choosing": _choosing_per_route,
    "chain": _chain_per_route,
    "delegate": _delegate_per_route,
    "authz": _ext_authz_per_route,
    "custom": _custom_response,
}


def _request(draw: Draw, names: list[str]) -> Json:
    request = http_request(draw)
    if draw.maybe(0.4):
        request["method"] = "POST"
    encodings = ("gzip", "br", "identity", "gzip, br", "br;q=0.5, gzip", "deflate,gzip", "")
    sent = {
        "accept-encoding": lambda: draw.choice(encodings),
        "content-encoding": lambda: draw.choice(("gzip", "gzip, br", "BR", "zstd")),
        "content-type": lambda: draw.choice(TYPES_OF_CONTENT),
        "connect-protocol-version": lambda: "1",
        "connect-timeout-ms": lambda: draw.choice(("100", "soon", "123456789", "")),
        "connect-content-encoding": lambda: "gzip",
        "connect-accept-encoding": lambda: "gzip",
        "x-tags": lambda: draw.choice(("mine", "", ["mine", "too"], ["", "too"])),
        "x-envoy-ip-tags": lambda: "theirs",
        "x-added": lambda: "sent",
    }
    request["headers"] |= draw.fields(0.25, **sent)
    if "bridge" in names and draw.maybe():
        request["headers"]["content-type"] = "application/x-protobuf"
    if request["headers"].get("content-type", "").startswith("application/grpc"):
        # The bridge from Connect would change the replies to gRPC, too.
        request["headers"].pop("connect-protocol-version", None)
    return request
