"""TLS that Envoy terminates: SNI, ALPN, client certificates, and rules that read them."""

from tests.oracle.blocks import (
    http_chain,
    http_filter,
    http_request,
    listener_filter,
    requests,
    string_match,
    tcp_chain,
)
from tests.oracle.case import Case, Json
from tests.oracle.certificates import CLIENTS
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import DOWNSTREAM_TLS, MANAGER, TYPES
from tests.oracle.families.rbac import network_rbac, rules

NAMES = ("a.example.com", "*.example.com", "bookstore", "x.y.example.com")
ASKED = ("a.example.com", "x.y.example.com", "bookstore", "other")
SANS = tuple(
    name for facts in CLIENTS.values() for kind in ("uri_sans", "dns_sans")
    for name in facts.get(kind, ())
)  # fmt: skip
HEADER_INPUT = f"{TYPES}.type.matcher.v3.HttpRequestHeaderMatchInput"
DETAILS = ("SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY")


def draw_mutual_tls(draw: Draw) -> Case:
    """Draw chains that differ by server name, each with its own demands."""
    names = draw.some(NAMES, 1, 3)
    chains = [_chain(draw, f"chain-{number}", [name]) for number, name in enumerate(names)]
    if draw.maybe():
        chains.append(_chain(draw, "any", []))
    inspector = listener_filter("tls", "tls_inspector.v3.TlsInspector")
    listener = {"listener_filters": [inspector], "filter_chains": chains}
    return Case(family="mutual_tls", listener=listener, requests=requests(draw, _request))


def _chain(draw: Draw, name: str, names: list[str]) -> Json:
    match: Json = {"server_names": names} if names else {}
    match |= draw.fields(
        0.2,
        application_protocols=lambda: ["osm"],
        transport_protocol=lambda: "tls",
    )
    chain = http_chain(name, _manager(draw)) if draw.maybe(0.8) else tcp_chain(name, "alpha")
    if draw.maybe(0.3):
        chain["filters"] = [network_rbac(draw), *chain["filters"]]
    socket = {"name": "tls", "typed_config": _tls(draw)}
    return chain | {"filter_chain_match": match, "transport_socket": socket}


def _tls(draw: Draw) -> Json:
    settings: Json = draw.fields(
        0.4, alpn_protocols=lambda: draw.some(("http/1.1", "osm", "h2"), 1, 2)
    )
    if draw.maybe(0.8):
        validation: Json = {}
        if draw.maybe(0.3):
            validation["match_typed_subject_alt_names"] = draw.several(lambda: _san(draw), 1, 2)
        if draw.maybe(0.2):
            validation["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
        settings["validation_context"] = validation
    config: Json = {"@type": DOWNSTREAM_TLS, "common_tls_context": settings}
    return config | draw.fields(0.6, require_client_certificate=draw.maybe)


def _san(draw: Draw) -> Json:
    return {"san_type": draw.choice(("URI", "DNS")), "matcher": string_match(draw, SANS)}


def _manager(draw: Draw) -> Json:
    details = draw.some(("subject", "dns", "uri"), 0, 3)
    route: Json = {"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "alpha"}}
    certified = {"name": "certified", "match": {"prefix": "/", "tls_context": _context(draw)}}
    certified |= {"route": {"cluster": "beta"}}
    host = {"name": "all", "domains": ["*"], "routes": [certified, route]}
    manager: Json = {"route_config": {"name": "routes", "virtual_hosts": [host]}}
    if draw.maybe(0.5):
        manager["http_filters"] = [
            http_filter("rbac", "rbac.v3.RBAC", rules=rules(draw, http=True))
        ]
    if draw.maybe(0.7):
        manager["forward_client_cert_details"] = draw.choice(DETAILS)
        manager["set_current_client_cert_details"] = dict.fromkeys(details, True)
    if draw.maybe(0.3):
        manager["forward_client_cert_matcher"] = _by_header(draw)
    return manager


def _by_header(draw: Draw) -> Json:
    details = dict.fromkeys(draw.some(("subject", "dns", "uri"), 0, 3), True)
    config = {"@type": f"{MANAGER}.ForwardClientCertConfig"}
    config |= {"forward_client_cert_details": draw.choice(DETAILS)}
    config |= draw.fields(0.7, set_current_client_cert_details=lambda: details)
    header = {"@type": HEADER_INPUT, "header_name": draw.choice(("x-user", "x-env"))}
    values = {"a": {"action": {"name": "xfcc", "typed_config": config}}}
    source = {"name": "header", "typed_config": header}
    return {"matcher_tree": {"input": source, "exact_match_map": {"map": values}}}


def _context(draw: Draw) -> Json:
    return draw.fields(0.6, presented=draw.maybe, validated=draw.maybe)


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    request |= {"tls": draw.maybe(0.95), "alpn": draw.some(("http/1.1", "osm", "h2"), 0, 2)}
    request |= draw.fields(
        0.75, sni=lambda: draw.choice(ASKED), certificate=lambda: draw.choice(list(CLIENTS))
    )
    if not request["tls"]:
        request = {name: value for name, value in request.items() if name not in TLS_FIELDS}
        return request
    if draw.maybe(0.2):
        request["protocol"] = "http/1.1"
    if draw.maybe(0.2):
        request["headers"]["x-forwarded-client-cert"] = draw.choice(
            ("By=spiffe://x;URI=spiffe://y", "", "x", ["By=a", "By=b"], 'Subject="a,b;c"')
        )
    return request


TLS_FIELDS = ("alpn", "sni", "certificate")
