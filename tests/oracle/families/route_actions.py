"""What routes do: clusters, redirects, direct responses, rewrites, header changes."""

from tests.oracle.blocks import HOSTS, PATHS, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES

CODES = ("SERVICE_UNAVAILABLE", "NOT_FOUND", "INTERNAL_SERVER_ERROR")
REDIRECTS = ("MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT")
SUBSTITUTIONS = (("^/books", "/b"), ("/([a-z]+)/([a-z0-9]+)", "/\\2/\\1"), ("x", "yy"),
                 ("(?i)BOOKS", ""), ("/", "_"), ("", "-"), ("o*", "0"), ("(/[^/]*)?", "\\0\\0"),
                 ("$", "/end"), ("^", "/start"), ("\\b", "|"), ("[^/]+$", "<\\0>"), (".*", "/all"),
                 ("(a)|(b)", "[\\1\\2]"), ("/api/v([0-9]+)(/.*)?", "\\2?v=\\1"), ("o", "\\\\"),
                 ("books", "?a#b"), ("\\?.*", ""), ("\\d", "%20"), ("[?]", "&"))  # fmt: skip
VALUES = ("plain", "", "%REQ(x-user)%", "%REQ(:path)%", "%PROTOCOL%", "a%%b", "%REQ(x-no?x-env)%",
          "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "%ROUTE_NAME%", "%REQ(:authority):3%",
          "%DOWNSTREAM_LOCAL_PORT%", "%UPSTREAM_CLUSTER%", "%REQ(x-missing)%",
          "%REQUESTED_SERVER_NAME%", "%RESPONSE_CODE%", "%VIRTUAL_CLUSTER_NAME%")  # fmt: skip
COMMANDS = (
    "PROTOCOL",
    "ROUTE_NAME",
    "PATH",
    "PATH(NQ)",
    "PATH(WQ)",
    "PATH(NQ:ORIG)",
    "PATH(WQ:PATH)",
    "PATH(NQ:ORIG_OR_PATH)",
    "QUERY_PARAM(a)",
    "QUERY_PARAM(A)",
    "QUERY_PARAM(b)",
    "QUERY_PARAMS",
    "QUERY_PARAMS(RAW)",
    "REQ(x-user)",
    "REQ(X-USER)",
    "REQ(x-env?x-user)",
    "REQ(:method)",
    "REQ(:scheme)",
    "REQ(:authority)",
    "REQ(host)",
    "REQ(x-forwarded-proto)",
    "REQ(x-envoy-original-path)",
    "REQ(x-envoy-original-path?:path)",
    "REQ(x-missing?x-forwarded-for)",
    "REQ(x-missing?)",
    "RESP(x-user)",
    "TRAILER(x)",
    "DOWNSTREAM_REMOTE_ADDRESS",
    "DOWNSTREAM_REMOTE_PORT",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_ADDRESS",
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_PORT",
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS",
    "DOWNSTREAM_PEER_URI_SAN",
    "DOWNSTREAM_PEER_SUBJECT",
    "DOWNSTREAM_TLS_VERSION",
    "DOWNSTREAM_TLS_CIPHER",
    "DOWNSTREAM_PEER_SERIAL",
    "DOWNSTREAM_LOCAL_SUBJECT",
    "UPSTREAM_CLUSTER",
    "UPSTREAM_CLUSTER_RAW",
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
    "UPSTREAM_PROTOCOL",
    "UPSTREAM_HOST",
    "UPSTREAM_REMOTE_ADDRESS",
    "UPSTREAM_METADATA(a:b)",
    "RESPONSE_CODE",
    "RESPONSE_CODE_DETAILS",
    "RESPONSE_FLAGS",
    "GRPC_STATUS",
    "GRPC_STATUS(NUMBER)",
    "CONNECTION_TERMINATION_DETAILS",
    "FILTER_CHAIN_NAME",
    "HOSTNAME",
    "VIRTUAL_CLUSTER_NAME",
    "CLUSTER_METADATA(a:b)",
    "METADATA(ROUTE:a:b)",
    "METADATA(ROUTE:route:key)",
    "METADATA(CLUSTER:a)",
    "METADATA(DYNAMIC:a)",
    "METADATA(LISTENER:a)",
    "DYNAMIC_METADATA(a)",
    "FILTER_STATE(a)",
    "PER_REQUEST_STATE(a)",
    "BYTES_RECEIVED",
    "ROUTE_METADATA(a)",
    "ACCESS_LOG_TYPE",
    "REQUEST_HEADER_BYTES",
    "REQUESTED_SERVER_NAME(SNI_FIRST)",
    "REQUESTED_SERVER_NAME(HOST_FIRST:ORIG)",
    "REQUESTED_SERVER_NAME(SNI_ONLY)",
    "REQUESTED_SERVER_NAME(HOST_FIRST)",
    "LOCAL_REPLY_BODY",
    "TLS_JA3_FINGERPRINT",
    "EMIT_TIME",
    "REQ_WITHOUT_QUERY(:path)",
    "REQ_WITHOUT_QUERY(x-user)",
    "HOSTNAME",
    "VIRTUAL_HOST_NAME",
    "UPSTREAM_TRANSPORT_FAILURE_REASON",
    "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
    "ENVIRONMENT(ORACLE)",
    "COALESCE({})",
    "DOWNSTREAM_PEER_CERT_V_START",
    "UPSTREAM_WIRE_BYTES_SENT",
    "RESPONSE_TX_DURATION",
    "REQUEST_DURATION",
    "STREAM_ID",
    "CONNECTION_ID",
    "UPSTREAM_CONNECTION_ID",
    "UPSTREAM_LOCAL_ADDRESS",
    "CUSTOM_FLAGS",
    "UNIQUE_ID",
    "DOWNSTREAM_LOCAL_URI_SAN",
    "TRACE_ID",
    "QUERY_PARAM(%61)",
)
RANDOM = (*map(str, (0, 1, 9, 10, 59, 60, 61, 109, 110, 2**63, 2**64 - 1, 2**64)), "", "-1", "+1",
          "x", "1.5", "007", " 9", "0x3", "9,10")  # fmt: skip
APPEND = ("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD",
          "OVERWRITE_IF_EXISTS")  # fmt: skip
CHANGED = ("x-user", "x-env", "x-new", "version", "x-two", "user-agent")


def draw_route_actions(draw: Draw) -> Case:
    """Draw routes for a few paths, each with an action of another kind."""
    routes = [_route(draw, number) for number in range(draw.randint(1, 5))]
    host: Json = {"name": "all", "domains": ["*"], "routes": routes, **_changes(draw, 0.25)}
    host |= draw.fields(0.1, include_request_attempt_count=lambda: True)
    configuration: Json = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}
    configuration |= _changes(draw, 0.25)
    configuration |= draw.fields(
        0.2,
        most_specific_header_mutations_wins=lambda: True,
        internal_only_headers=lambda: ["x-env"],
    )
    listener = http_listener(configuration)
    return Case(family="route_actions", listener=listener, requests=requests(draw, _request))


def _route(draw: Draw, number: int) -> Json:
    path = draw.choice(("/", "/books", "/api", "/a", "/api/v1"))
    match = draw.one(
        prefix=lambda: path,
        path_separated_prefix=lambda: "/books" if path == "/" else path,
        safe_regex=lambda: {"regex": f"{path}.*"},
        path=lambda: draw.choice(PATHS).partition("?")[0],
        path_match_policy=lambda: _template("match", draw.choice(("/books/{id}", "/{id=**}"))),
    )
    route: Json = {"match": match, **_changes(draw, 0.3)}
    route |= draw.fields(0.9, name=lambda: f"route-{number}")
    action = draw.random()
    if action < 0.15:
        return route | {"redirect": _redirect(draw)}
    if action < 0.22:
        status = draw.choice((200, 204, 301, 404, 503, 599, 418, 299))
        return route | {"direct_response": {"status": status, "body": {"inline_string": "b"}}}
    if action < 0.24:
        return route | {"non_forwarding_action": {}}
    forward = _forward(draw)
    if "path_match_policy" in match and "regex_rewrite" not in forward:
        forward.pop("prefix_rewrite", None)
        forward["path_rewrite_policy"] = _template("rewrite", draw.choice(("/n/{id}", "/x")))
    return route | {"route": forward}


def _redirect(draw: Draw) -> Json:
    redirect = draw.fields(
        0.35,
        host_redirect=lambda: draw.choice(("other.example.com", "other:8443", "[::1]", "o:80")),
        port_redirect=lambda: draw.choice((80, 443, 8443, 1, 65535)),
        response_code=lambda: draw.choice(REDIRECTS),
        strip_query=lambda: True,
    )
    if draw.maybe():
        redirect |= draw.one(
            https_redirect=draw.maybe,
            scheme_redirect=lambda: draw.choice(("https", "http", "ftp", "HTTPS")),
        )
    if draw.maybe(0.7):
        redirect |= draw.one(
            path_redirect=lambda: draw.choice(
                ("/new", "/new?q=1", "new", "/n#f", "/n?", "//n", "/", "/%20", "/n?a=1#b")
            ),
            prefix_rewrite=lambda: draw.choice(("/new", "/", "/n?x=1", "", "new", "/n#f", "//")),
            regex_rewrite=lambda: _substitution(draw),
        )
    return redirect


def _forward(draw: Draw) -> Json:
    action = draw.one(
        cluster=lambda: draw.choice(("alpha", "beta", "gamma", "empty", "nowhere")),
        cluster_header=lambda: draw.choice(("x-cluster", "version", "X-Cluster", ":authority")),
        weighted_clusters=lambda: _weighted(draw),
    )
    action |= draw.fields(
        0.15,
        cluster_not_found_response_code=lambda: draw.choice(CODES),
        timeout=lambda: draw.choice(("0s", "3s", "0.5s", "1.2345s", "4.000000001s")),
        append_x_forwarded_host=lambda: True,
        retry_policy=lambda: {"retry_on": "5xx", "per_try_timeout": "2s"},
        max_stream_duration=lambda: draw.fields(
            0.7,
            max_stream_duration=lambda: draw.choice(("0s", "7s")),
            grpc_timeout_header_max=lambda: draw.choice(("0s", "9s")),
            grpc_timeout_header_offset=lambda: "0.1s",
        ),
    )
    if draw.maybe():
        action |= draw.one(
            prefix_rewrite=lambda: draw.choice(("/new", "/", "/n/", "new", "/n?a=0", "//", "/n#f")),
            regex_rewrite=lambda: _substitution(draw),
        )
    if draw.maybe():
        action |= draw.one(
            host_rewrite_literal=lambda: draw.choice(("rewritten", "R:80", "%REQ(x-user)%")),
            auto_host_rewrite=lambda: True,
            host_rewrite_header=lambda: draw.choice(("x-user", "X-Env", "x-missing", ":path")),
            host_rewrite_path_regex=lambda: _substitution(draw),
        )
    return action


def _template(use: str, template: str) -> Json:
    kind = f"{TYPES}.extensions.path.{use}.uri_template.v3.UriTemplate{use.capitalize()}Config"
    field = "path_template" if use == "match" else "path_template_rewrite"
    return {"name": use, "typed_config": {"@type": kind, field: template}}


def _substitution(draw: Draw) -> Json:
    regex, substitution = draw.choice(SUBSTITUTIONS)
    return {"pattern": {"regex": regex}, "substitution": substitution}


def _weighted(draw: Draw) -> Json:
    """Draw weights of which one is everything, or that a header decides on."""
    decided = draw.maybe()
    clusters = []
    for number, name in enumerate(("alpha", "beta", "gamma")):
        weight = draw.choice((1, 10, 50)) if decided else int(number == 1)
        cluster = {"name": name, "weight": weight, **_changes(draw, 0.2)}
        clusters.append(cluster | draw.fields(0.15, host_rewrite_literal=lambda: "weighted"))
    return {"clusters": clusters, **({"header_name": "x-random"} if decided else {})}


def _changes(draw: Draw, probability: float) -> Json:
    return draw.fields(
        probability,
        request_headers_to_add=lambda: draw.several(lambda: addition(draw), 1, 3),
        request_headers_to_remove=lambda: draw.some(CHANGED, 1, 2),
    )


def command(draw: Draw) -> str:
    """Draw a value with a command in it, perhaps cut to a length."""
    length = draw.choice((":0", ":1", ":3", ":1000")) if draw.maybe(0.2) else ""
    before, after = draw.choice((("", ""), ("", ""), ("a", "b"), ("%%", " ")))
    return f"{before}%{draw.choice(COMMANDS)}{length}%{after}"


def addition(draw: Draw) -> Json:
    """Draw a header to add."""
    value = command(draw) if draw.maybe(0.3) else draw.choice(VALUES)
    option: Json = {"header": {"key": draw.choice(CHANGED), "value": value}}
    return option | draw.fields(
        0.5, append_action=lambda: draw.choice(APPEND), keep_empty_value=draw.maybe
    )


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    request["headers"]["x-random"] = draw.choice(RANDOM)
    request["headers"] |= draw.fields(
        0.2,
        **{
            "x-cluster": lambda: draw.choice(
                ("alpha", "nowhere", "", "Alpha", " beta", "a,b", ["beta", "alpha"], ["", "gamma"])
            ),
            "x-forwarded-proto": lambda: draw.choice(("https", "http", "HTTPS", "ftp", "")),
            "x-envoy-upstream-rq-timeout-ms": lambda: draw.choice(
                ("100", "abc", "2000", "0", "-1", "+5", "1.5", "99999999999999999999", " 7 ")
            ),
            "x-envoy-upstream-rq-per-try-timeout-ms": lambda: draw.choice(("50", "5000", "0")),
            "x-envoy-expected-rq-timeout-ms": lambda: draw.choice(("77", "x")),
            "grpc-timeout": lambda: draw.choice(
                ("1S", "5m", "x", "100n", "99999999H", "1 S", "2u")
            ),
            "content-type": lambda: draw.choice(("application/grpc", "application/grpc+json")),
            "x-forwarded-host": lambda: draw.choice(HOSTS),
            "x-forwarded-for": lambda: draw.choice(("10.0.0.1", "8.8.8.8, 10.0.0.2", "x")),
        },
    )
    return request
