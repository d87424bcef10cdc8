"""What becomes of a forwarded request: retries, copies, redirects that Envoy follows, protocols."""

import json

from tests.oracle.blocks import header_match, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import endpoint
from tests.oracle.explained import ASKING, COPIES, UNREACHABLE
from tests.oracle.upstream_cases import INTERNAL, options

CONDITIONS = ("5xx", "gateway-error", "retriable-4xx", "retriable-status-codes", "connect-failure",
              "retriable-headers", "reset", "refused-stream", "bogus", "unavailable", "cancelled",
              "internal", "deadline-exceeded", "resource-exhausted", "reset-before-request",
              "envoy-ratelimited")  # fmt: skip
CODES = (200, 302, 409, 500, 502, 503)
LOCATIONS = ("http://bookstore/next", "https://bookstore/next", "/next", "http://other/x?y=1")
BACK_OFF = {"base_interval": "0.001s", "max_interval": "0.002s"}


def draw_policies(draw: Draw) -> Case:
    """Draw one route with policies at all levels, and answers that they are for."""
    cluster: Json = {"name": "own-CONFIG"}
    dead = draw.maybe(0.15)
    hosts = [_host(number, dead=dead) for number in range(1, draw.randint(2, 3))]
    cluster["load_assignment"] = {"endpoints": [{"lb_endpoints": hosts}]}
    breaker: Json = {"max_retries": 0 if draw.maybe(0.1) else 1000}
    cluster["circuit_breakers"] = {"thresholds": [breaker]}
    cluster |= draw.fields(0.3, typed_extension_protocol_options=lambda: _options(draw))
    action: Json = {"cluster": "own-CONFIG", **_policies(draw, 0.5)}
    action |= draw.fields(0.5, internal_redirect_policy=lambda: _redirects(draw))
    route = {"name": "all", "match": {"prefix": "/"}, "route": action}
    host: Json = {"name": "all", "domains": ["*"], "routes": [route], **_policies(draw, 0.3)}
    table: Json = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}
    table |= draw.fields(0.2, request_mirror_policies=lambda: _mirrors(draw))
    copies = [
        {
            "name": f"{name}-CONFIG",
            "load_assignment": {"endpoints": [{"lb_endpoints": [endpoint(address)]}]},
        }
        for address, name in COPIES.items()
    ]
    return Case(
        family="policies",
        listener=http_listener(table, **INTERNAL),
        clusters=[cluster, *copies],
        requests=requests(draw, _request),
    )


def _host(number: int, *, dead: bool) -> Json:
    one = endpoint(f"127.9.100.{number}")
    if dead:
        one["endpoint"]["address"]["socket_address"]["port_value"] = UNREACHABLE
    return one


def _options(draw: Draw) -> Json:
    chosen = draw.fields(
        0.4,
        retry_policy=lambda: _retry(draw),
        request_mirror_policies=lambda: _mirrors(draw),
    )
    protocol = draw.choice(("http_protocol_options", "http_protocol_options", "http2", "client"))
    if protocol == "client":
        both: Json = {"http_protocol_options": {}, "http2_protocol_options": {}}
        chosen["use_downstream_protocol_config"] = both
    elif protocol == "http2":
        chosen["explicit_http_config"] = {"http2_protocol_options": {}}
    body: Json = options(**chosen)["typed_extension_protocol_options"]
    if protocol == "client":
        for one in body.values():
            del one["explicit_http_config"]
    return body


def _policies(draw: Draw, probability: float) -> Json:
    return draw.fields(
        probability,
        retry_policy=lambda: _retry(draw),
        request_mirror_policies=lambda: _mirrors(draw),
    )


def _retry(draw: Draw) -> Json:
    policy: Json = {"retry_on": ",".join(draw.some(CONDITIONS, 0, 4)), "retry_back_off": BACK_OFF}
    return policy | draw.fields(
        0.4,
        num_retries=lambda: draw.randint(0, 3),
        retriable_status_codes=lambda: draw.some(CODES, 1, 2),
        retriable_headers=lambda: [{"name": "x-again", "present_match": True}],
        retriable_request_headers=lambda: [header_match(draw)],
    )


def _mirrors(draw: Draw) -> list[Json]:
    return draw.several(lambda: _mirror(draw), 1, 2)


def _mirror(draw: Draw) -> Json:
    policy = draw.one(
        cluster=lambda: draw.choice(("mirror-CONFIG", "other-CONFIG", "nowhere")),
        cluster_header=lambda: "x-mirror",
    )
    return policy | draw.fields(
        0.25,
        runtime_fraction=lambda: {"default_value": {"numerator": draw.choice((0, 50, 100))}},
        disable_shadow_host_suffix_append=draw.maybe,
        host_rewrite_literal=lambda: "copied",
    )


def _redirects(draw: Draw) -> Json:
    return draw.fields(
        0.5,
        max_internal_redirects=lambda: draw.randint(0, 2),
        redirect_response_codes=lambda: draw.some((301, 302, 303, 307, 308), 1, 3),
        allow_cross_scheme_redirect=lambda: True,
    )


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    answer: Json = {"code": draw.choice(CODES)}
    if draw.maybe(0.35):
        headers = {"location": draw.choice(LOCATIONS)}
        answer = {"code": draw.choice((301, 302, 303, 307, 308)), "headers": headers}
    elif draw.maybe(0.4):
        answer["headers"] = draw.one(
            **{
                "grpc-status": lambda: draw.choice(("0", "1", "4", "8", "13", "14")),
                "x-again": lambda: "1",
            }
        )
    request["headers"] |= draw.fields(
        0.2,
        **{
            "x-envoy-retry-on": lambda: ",".join(draw.some(CONDITIONS, 1, 2)),
            "x-envoy-retry-grpc-on": lambda: ",".join(draw.some(CONDITIONS, 1, 2)),
            "x-envoy-max-retries": lambda: draw.choice(("0", "1", "3", "x", "")),
            "x-mirror": lambda: draw.choice(("mirror-CONFIG", "nowhere")),
        },
    )
    request["headers"][ASKING] = json.dumps(answer)
    return request
