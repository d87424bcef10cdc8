"""What the connection manager makes of a request: path, host, client address, its own headers."""

from tests.oracle.blocks import (
    header_match,
    http_filter,
    http_listener,
    http_request,
    path,
    requests,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES

SLASHES = ("KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD",
           "IMPLEMENTATION_SPECIFIC_DEFAULT")  # fmt: skip
MORE_PATHS = ("/a//b//", "//a", "/a/./b/../c", "/../a", "/a%2F%2Fb", "/a%5cb", "/a\\b", "/A%41",
              "/a%2e%2e/b", "/a?b//c", "/%zz", "/a/..", "/a/b/..;x", "/.", "/a%00b", "*", "/a b",
              "http://abs.example.com/x?y", "/%2f", "/a%252fb")  # fmt: skip
ADDRESSES = ("10.0.0.1", "8.8.8.8", "192.168.0.9", "8.8.8.8, 10.0.0.2", "x", "", "10.0.0.1:80",
             "1.1.1.1,2.2.2.2 , 3.3.3.3", "fd00::1", "[fd00::1]:80", " 9.9.9.9 ",
             "::ffff:10.0.0.1", "::ffff:8.8.8.8", "FD00::0:1", "[fd00::1]", "::1",
             "010.0.0.1", "10.0.0", "10.0.0.256", "10.0.0.1,", ",10.0.0.1", ",", "1.1.1.1,,2.2.2.2",
             "8.8.8.8, x", "x, 8.8.8.8", "172.16.0.1", "172.32.0.1", "169.254.0.1", "127.0.0.2",
             "0.0.0.0", "255.255.255.255", "8.8.8.8\t,9.9.9.9", "fec0::1", "2001:db8::1, 10.0.0.9",
             '"8.8.8.8"', "for=8.8.8.8", "8.8.8.8:http", "10.0.0.1 8.8.8.8", "0x0a.0.0.1",
             "1.1.1.1, 2.2.2.2, 3.3.3.3, 4.4.4.4, 5.5.5.5")  # fmt: skip
ORIGINAL_IP = f"{TYPES}.extensions.http.original_ip_detection"
EARLY = f"{TYPES}.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
CHANGED_EARLY = ("x-user", "x-forwarded-for", "x-new")
SENT = {
    "x-forwarded-for": ADDRESSES,
    "x-forwarded-proto": (
        "https",
        "http",
        "ftp",
        "",
        "HTTPS",
        "Http",
        "https, http",
        "https,",
        "wss",
        "h2",
        " https",
    ),
    "x-forwarded-host": ("h.example.com", "h.example.com:443, b"),
    "x-forwarded-port": ("8443", "x", "", "443,80"),
    "x-envoy-internal": ("true",),
    "x-envoy-external-address": ("7.7.7.7",),
    "x-envoy-max-retries": ("2",),
    "x-envoy-expected-rq-timeout-ms": ("5",),
    "x-envoy-original-path": ("/o",),
    "x-envoy-decorator-operation": ("op",),
    "x-envoy-downstream-service-cluster": ("c",),
    "x-envoy-force-trace": ("1",),
    "x-envoy-upstream-rq-timeout-ms": ("100", "abc", "0", "-1", "+5", " 7", "1e3", "4294967296"),
    "x-envoy-upstream-rq-per-try-timeout-ms": ("50", "x", "0"),
    "x-envoy-upstream-alt-stat-name": ("a",),
    "x-envoy-retry-on": ("5xx",),
    "x-envoy-retry-grpc-on": ("internal",),
    "x-envoy-hedge-on-per-try-timeout": ("true",),
    "x-envoy-upstream-rq-timeout-alt-response": ("1",),
    "x-envoy-upstream-stream-duration-ms": ("10", "x"),
    "x-envoy-attempt-count": ("3",),
    "x-envoy-original-host": ("h",),
    "x-envoy-original-method": ("PUT",),
    "x-envoy-downstream-service-node": ("n",),
    "x-envoy-ip-tags": ("t",),
    "x-envoy-is-timeout-retry": ("true",),
    "x-envoy-peer-metadata": ("p",),
    "x-envoy-retriable-status-codes": ("503",),
    "x-envoy-retriable-header-names": ("a",),
    "x-envoy-unknown": ("u",),
    "x-client-trace-id": ("t",),
    "grpc-timeout": ("1S", "5m", "x", "100n"),
    "connection": ("close, x-user", "x-user", "close, te", "keep-alive, x-env, version", "close,"),
    "trailer": ("x",),
    "transfer-encoding": ("identity", "gzip", ""),
    "content-length": ("0", "0, 0", "abc", "-1", "+0", "00", ""),
    "content-type": ("application/grpc", "text/html"),
    "referer": ("http://r", "r", "", "http://r/#f"),
    "x-forwarded-client-cert": ("By=a;URI=b",),
    "via": ("1.0 p",),
    "te": ("trailers", "gzip, trailers", "gzip", "Trailers", "trailers;q=1", ""),
    "keep-alive": ("5",),
    "proxy-connection": ("x",),
    "x_under": ("1",),
    "X-User": ("b",),
    "x.y": ("1",),
    "x y": ("1",),
    "x!#$%&'*+-.^`|~": ("1",),
    "x(y)": ("1",),
    "_": ("1",),
    "x-real": ADDRESSES,
    "x-user": ("a",),
    "expect": ("x", "100-continue", "100-Continue"),
}


def draw_connection_managers(draw: Draw) -> Case:
    """Draw the options of a connection manager; all requests go to one cluster."""
    route: Json = {"match": {"prefix": "/"}, "route": {"cluster": "alpha"}, "name": "all"}
    seen = {"key": "x-remote", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
    port = {"key": "x-remote-port", "value": "%DOWNSTREAM_REMOTE_PORT%"}
    route["request_headers_to_add"] = [{"header": seen}, {"header": port}]
    host = {"name": "all", "domains": ["*"], "routes": [route]}
    routes: Json = {"name": "routes", "virtual_hosts": [host]}
    routes |= draw.fields(0.15, internal_only_headers=lambda: ["x-user", "x-real"])
    listener = http_listener(routes, **_manager(draw))
    return Case(family="connection_managers", listener=listener, requests=requests(draw, _request))


def _manager(draw: Draw) -> Json:
    manager = draw.fields(
        0.3,
        normalize_path=draw.maybe,
        merge_slashes=lambda: True,
        path_with_escaped_slashes_action=lambda: draw.choice(SLASHES),
        strip_trailing_host_dot=lambda: True,
        use_remote_address=draw.maybe,
        xff_num_trusted_hops=lambda: draw.randint(0, 3),
        skip_xff_append=lambda: True,
        append_x_forwarded_port=lambda: True,
        via=lambda: "oracle",
        internal_address_config=lambda: _internal(draw),
        scheme_header_transformation=lambda: draw.choice(
            ({"scheme_to_overwrite": "https"}, {"scheme_to_overwrite": "http"})
        ),
        preserve_external_request_id=draw.maybe,
        max_request_headers_kb=lambda: draw.choice((1, 60)),
        add_user_agent=draw.maybe,
        represent_ipv4_remote_address_as_ipv4_mapped_ipv6=draw.maybe,
        common_http_protocol_options=lambda: _common(draw),
        http_protocol_options=lambda: _http1(draw),
        forward_client_cert_details=lambda: draw.choice(("SANITIZE", "FORWARD_ONLY")),
        local_reply_config=lambda: {"mappers": draw.several(lambda: _mapper(draw), 0, 2)},
    )
    if draw.maybe(0.85):
        manager.pop("represent_ipv4_remote_address_as_ipv4_mapped_ipv6", None)
    if draw.maybe(0.4):
        name = draw.choice(("strip_matching_host_port", "strip_any_host_port"))
        manager[name] = True
    if draw.maybe(0.25) and not manager.get("use_remote_address"):
        manager.pop("xff_num_trusted_hops", None)
        manager["original_ip_detection_extensions"] = draw.several(lambda: _detection(draw), 1, 2)
    if draw.maybe(0.15):
        manager["early_header_mutation_extensions"] = [_early(draw)]
    if draw.maybe(0.1):
        manager["http_filters"] = [http_filter("cors", "cors.v3.Cors")]
    return manager


def _mapper(draw: Draw) -> Json:
    fits = draw.one(
        header_filter=lambda: {"header": header_match(draw)},
        status_code_filter=lambda: {
            "comparison": {
                "op": draw.choice(("EQ", "GE", "LE")),
                "value": {"default_value": draw.choice((400, 426)), "runtime_key": "r"},
            }
        },
        response_flag_filter=lambda: {"flags": draw.choice((["DPE"], ["NR", "UH"], []))},
    )
    return {"filter": fits, "status_code": draw.choice((418, 599))}


def _internal(draw: Draw) -> Json:
    ranges = draw.some((("10.0.0.0", 8), ("8.8.0.0", 16), ("127.0.0.1", 32)), 1, 2)
    return {"cidr_ranges": [{"address_prefix": a, "prefix_len": length} for a, length in ranges]}


def _common(draw: Draw) -> Json:
    actions = ("ALLOW", "REJECT_REQUEST", "DROP_HEADER")
    return draw.fields(
        0.6,
        headers_with_underscores_action=lambda: draw.choice(actions),
        max_headers_count=lambda: draw.choice((3, 5, 100)),
    )


def _http1(draw: Draw) -> Json:
    return draw.fields(
        0.5,
        allow_absolute_url=draw.maybe,
        accept_http_10=draw.maybe,
        default_host_for_http_10=lambda: draw.choice(("default.example.com", "d:80")),
        allow_chunked_length=draw.maybe,
        ignore_http_11_upgrade=lambda: [{"exact": "foo"}],
    )


def _detection(draw: Draw) -> Json:
    if draw.maybe():
        config: Json = {"@type": f"{ORIGINAL_IP}.xff.v3.XffConfig"}
        config |= draw.fields(0.5, skip_xff_append=draw.maybe)
        config |= draw.one(
            xff_num_trusted_hops=lambda: draw.randint(0, 2),
            xff_trusted_cidrs=lambda: {"cidrs": _internal(draw)["cidr_ranges"]},
        )
    else:
        kind = f"{ORIGINAL_IP}.custom_header.v3.CustomHeaderConfig"
        config = {"@type": kind, "header_name": "x-real"}
        config |= draw.fields(
            0.5,
            allow_extension_to_set_address_as_trusted=lambda: True,
            reject_with_status=lambda: {"code": draw.choice((401, 403, 503))},
        )
    return {"name": "detection", "typed_config": config}


def _early(draw: Draw) -> Json:
    mutation = draw.one(
        remove=lambda: draw.choice(("x-user", "x-forwarded-for", "x-forwarded-proto")),
        append=lambda: {
            "header": {"key": draw.choice(CHANGED_EARLY), "value": "9.1.1.1"},
            "append_action": draw.choice(("ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD")),
        },
    )
    return {"name": "early", "typed_config": {"@type": EARLY, "mutations": [mutation]}}


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    request["path"] = draw.choice(MORE_PATHS) if draw.maybe(0.4) else path(draw)
    for name in draw.some(list(SENT), 0, 4):
        request["headers"][name] = draw.choice(SENT[name])
        if draw.maybe(0.1):
            request["headers"][name] = [draw.choice(SENT[name]) for _ in range(2)]
    if draw.maybe(0.05):
        request["headers"]["x-large"] = "a" * draw.choice((1500, 62000))
    if draw.maybe(0.1):
        request["host"] = draw.choice(
            ("h.com:443", "h.com:80.", "h.com.:80", "[::1]:80", "a@b", "a b")
        )
    return request
