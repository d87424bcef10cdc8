"""Rate limits, local and global: which descriptors a request gets, and which bucket they have."""

from collections.abc import Callable

from tests.oracle.blocks import (
    HEADER_VALUES,
    header_match,
    http_filter,
    http_listener,
    http_request,
    requests,
    string_match,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS
from tests.oracle.families.rbac import DISABLED
from tests.oracle.upstream_cases import INTERNAL

LOCAL, GLOBAL = "local_ratelimit.v3.LocalRateLimit", "ratelimit.v3.RateLimit"
VALUES = tuple(value for value in HEADER_VALUES if value)
ALWAYS = {"default_value": {"numerator": 100}, "runtime_key": "oracle"}
NEVER = {"default_value": {"numerator": 0}, "runtime_key": "oracle"}
FILL = {"tokens_per_fill": 1, "fill_interval": "600s"}
METADATA = {"filter_metadata": {"limits": {"kind": "gold"}}}


def draw_limits(draw: Draw) -> Case:
    """Draw rate limits at all levels, and filters that count or ask by them."""
    kinds = draw.some(list(KINDS), 1, 2)
    filters = [http_filter(kind, NAMES[kind], **KINDS[kind](draw)) for kind in kinds]
    routes = []
    for prefix in draw.some(("/books", "/api", "/a", "/"), 1, 3):
        action: Json = {"cluster": draw.choice(("alpha", "beta"))}
        action |= draw.fields(
            0.5,
            rate_limits=lambda: draw.several(lambda: _policy(draw), 1, 2),
            include_vh_rate_limits=draw.maybe,
        )
        route: Json = {"name": prefix, "match": {"prefix": prefix}, "route": action}
        route |= draw.fields(0.4, metadata=lambda: METADATA) | _overrides(draw, kinds)
        routes.append(route)
    host: Json = {"name": "all", "domains": ["*"], "routes": routes, **_overrides(draw, kinds)}
    host |= draw.fields(0.5, rate_limits=lambda: draw.several(lambda: _policy(draw), 1, 2))
    table = {"name": "routes", "virtual_hosts": [host]}
    return Case(
        family="limits",
        listener=http_listener(table, http_filters=filters, **INTERNAL),
        requests=requests(draw, _request),
    )


def _overrides(draw: Draw, kinds: list[str]) -> Json:
    per_route = {
        kind: DISABLED if draw.maybe(0.3) else PER_ROUTE[kind](draw)
        for kind in kinds
        if draw.maybe(0.25)
    }
    return {"typed_per_filter_config": per_route} if per_route else {}


def _local(draw: Draw) -> Json:
    config: Json = {"stat_prefix": "local"} | draw.fields(
        0.92,
        filter_enabled=lambda: draw.choice((ALWAYS,) * 9 + (NEVER,)),
        filter_enforced=lambda: draw.choice((ALWAYS,) * 9 + (NEVER,)),
        token_bucket=lambda: _bucket(draw),
    )
    if config.get("filter_enforced") == ALWAYS:
        # Otherwise the headers come from buckets that decide nothing.
        config["enable_x_ratelimit_headers"] = "DRAFT_VERSION_03"
    config |= draw.fields(0.6, always_consume_default_token_bucket=draw.maybe)
    config |= _common(draw)
    descriptors = {_key(one): one for one in draw.several(lambda: _descriptor(draw), 0, 4)}
    if "token_bucket" in config:
        config["descriptors"] = list(descriptors.values())
    return config


def _common(draw: Draw) -> Json:
    return draw.fields(
        0.2,
        stage=lambda: 1,
        vh_rate_limits=lambda: draw.choice(("OVERRIDE", "INCLUDE", "IGNORE")),
        rate_limits=lambda: draw.several(lambda: _unstaged(draw), 1, 2),
    )


def _key(descriptor: Json) -> str:
    return str(descriptor["entries"])


def _bucket(draw: Draw) -> Json:
    """Draw a bucket that tells by its size which it is, or that only one request has a token of."""
    return {"max_tokens": 1 if draw.maybe(0.15) else draw.randint(1000, 10**6), **FILL}


def _descriptor(draw: Draw) -> Json:
    entries = draw.several(lambda: _entry(draw), 1, 2)
    return {"entries": entries, "token_bucket": _bucket(draw)}


def _entry(draw: Draw) -> Json:
    key, values = draw.choice(list(ENTRIES.items()))
    entry = {"key": key}
    return entry if draw.maybe(0.2) else entry | {"value": draw.choice(values)}


ENTRIES: dict[str, tuple[str, ...]] = {
    "generic_key": ("one", "two"),
    "user": VALUES,
    "remote_address": ("10.244.1.7", "10.244.0.3", "8.8.8.8"),
    "masked_remote_address": ("10.244.0.0/16", "8.8.0.0/16"),
    "header_match": ("one", "two"),
    "query_match": ("one", "two"),
    "a": ("1", "2", ""),
    "destination_cluster": ("alpha", "beta"),
    "source_cluster": ("tests",),
    "kind": ("gold", "none"),
}


def _policy(draw: Draw) -> Json:
    return _unstaged(draw) | draw.fields(0.15, stage=lambda: 1)


def _unstaged(draw: Draw) -> Json:
    """Draw a rate limit for a filter, which takes none with a stage."""
    return {"actions": draw.several(lambda: _action(draw), 1, 2)}


def _action(draw: Draw) -> Json:
    fixed = draw.choice(("one", "two"))
    skipping = draw.fields(0.3, skip_if_absent=lambda: True)
    expected = draw.fields(0.3, expect_match=draw.maybe)
    return draw.one(
        generic_key=lambda: {"descriptor_value": fixed},
        request_headers=lambda: {"header_name": "x-user", "descriptor_key": "user", **skipping},
        remote_address=dict,
        masked_remote_address=lambda: {"v4_prefix_mask_len": 16},
        header_value_match=lambda: {
            "descriptor_value": fixed,
            "headers": [header_match(draw)],
            **expected,
        },
        query_parameter_value_match=lambda: {
            "descriptor_value": fixed,
            "query_parameters": [{"name": "a", "string_match": string_match(draw, ("1", "2"))}],
            **expected,
        },
        query_parameters=lambda: {
            "query_parameter_name": "a",
            "descriptor_key": "a",
            **skipping,
        },
        destination_cluster=dict,
        source_cluster=dict,
        metadata=lambda: {
            "descriptor_key": "kind",
            "metadata_key": {"key": "limits", "path": [{"key": "kind"}]},
            "source": draw.choice(("ROUTE_ENTRY", "DYNAMIC")),
            **draw.fields(0.4, default_value=lambda: "none"),
            **skipping,
        },
    )


def _global(draw: Draw) -> Json:
    """Draw what asks a service that is not there: whether it asked is seen by its refusal."""
    service = {"grpc_service": {"envoy_grpc": {"cluster_name": "empty"}}}
    config: Json = {
        "domain": "oracle",
        "failure_mode_deny": True,
        "rate_limit_service": {**service, "transport_api_version": "V3"},
    }
    return config | draw.fields(
        0.4, request_type=lambda: draw.choice(("internal", "external", "both")), stage=lambda: 0
    )


KINDS: dict[str, Callable[[Draw], Json]] = {"local": _local, "global": _global}
NAMES = {"local": LOCAL, "global": GLOBAL}
PER_ROUTE: dict[str, Callable[[Draw], Json]] = {
    "local": lambda draw: {"@type": f"{FILTERS}.http.{LOCAL}", **_local(draw)},
    "global": lambda draw: {
        "@type": f"{FILTERS}.http.{GLOBAL}PerRoute",
        **draw.fields(
            0.5,
            vh_rate_limits=lambda: draw.choice(("OVERRIDE", "INCLUDE", "IGNORE")),
            rate_limits=lambda: draw.several(lambda: _unstaged(draw), 1, 2),
        ),
    },
}


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.4):
        request["path"] = draw.choice(("/books?a=1", "/books?a=2&b=1", "/api?a=", "/a?x=1"))
    return request
