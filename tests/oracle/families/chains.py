"""Filter chain matching: ports, prefixes, names, transport, ALPN, sources; and no match at all."""

from tests.oracle.blocks import (
    CLUSTERS,
    PORTS,
    http_request,
    listener_filter,
    prefix_range,
    requests,
    tcp_chain,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw

NAMES = ("a.example.com", "*.example.com", "example.com", "*.com", "bookstore", "x.y.example.com",
         "*.y.example.com", "*.a.example.com", "A.EXAMPLE.com", "*.Example.COM")  # fmt: skip
ASKED_NAMES = ("a.example.com", "x.y.example.com", "example.com", "bookstore", "A.Example.com",
               "z.x.y.example.com", "com", "x.com", "b.a.example.com", "y.example.com",
               "xn--bcher-kva.example.com", "a_b.example.com", "other")  # fmt: skip
PROTOCOLS = ("h2", "http/1.1", "osm", "http/1.0", "H2", "h3", "spdy/1")
RANGES_6 = (("fd00::", 8), ("fd00:1::", 32), ("::", 0), ("fd00::5", 128), ("FD00::5", 127),
            ("::ffff:0.0.0.0", 96), ("::ffff:10.0.0.0", 104), ("fd00:1::9", 1), ("::1", 128),
            ("2001:db8::", None))  # fmt: skip
ADDRESSES_6 = ("fd00::5", "fd00:1::9", "2001:db8::1", "::1", "::ffff:10.0.0.1", "::", "fd00::4")


def draw_chains(draw: Draw) -> Case:
    """Draw a listener of several chains that compete."""
    six = draw.maybe(0.15)
    chains: list[Json] = []
    for number in range(draw.randint(1, 6)):
        match = _match(draw, six)
        chains.append(tcp_chain(f"chain-{number}", draw.choice(CLUSTERS), filter_chain_match=match))
    listener: Json = {"filter_chains": chains}
    if draw.maybe(0.4):
        listener["default_filter_chain"] = tcp_chain("default", draw.choice(CLUSTERS))
    inspectors = [listener_filter("tls", "tls_inspector.v3.TlsInspector")]
    inspectors += [listener_filter("http", "http_inspector.v3.HttpInspector")]
    listener["listener_filters"] = draw.some(inspectors, 0, 2)

    def request(draw: Draw) -> Json:
        return _request(draw, six)

    return Case(family="chains", listener=listener, requests=requests(draw, request))


def _match(draw: Draw, six: bool) -> Json:
    def ranges() -> list[Json]:
        return draw.several(lambda: _range(draw, six), 1, 2)

    return draw.fields(
        0.3,
        destination_port=lambda: draw.choice((*PORTS, 65535)),
        prefix_ranges=ranges,
        server_names=lambda: draw.some(NAMES, 1, 2),
        transport_protocol=lambda: draw.choice(("tls", "raw_buffer")),
        application_protocols=lambda: draw.some(PROTOCOLS, 1, 2),
        direct_source_prefix_ranges=ranges,
        source_type=lambda: draw.choice(("ANY", "SAME_IP_OR_LOOPBACK", "EXTERNAL")),
        source_prefix_ranges=ranges,
        source_ports=lambda: draw.some((1024, 40000, 50123, 1, 65535), 1, 3),
    )


def _range(draw: Draw, six: bool) -> Json:
    if six and draw.maybe(0.7):
        address, length = draw.choice(RANGES_6)
        return {"address_prefix": address} | ({} if length is None else {"prefix_len": length})
    return prefix_range(draw)


def _request(draw: Draw, six: bool) -> Json:
    request = http_request(draw)
    if six:
        request |= {"dst_ip": draw.choice(ADDRESSES_6), "src_ip": draw.choice(ADDRESSES_6)}
    elif draw.maybe(0.2):
        request["src_ip"] = request["dst_ip"]
    if draw.maybe(0.1):
        request["src_port"] = draw.choice((1, 65535, 1023))
    if draw.maybe():
        request |= {"tls": True, "alpn": draw.some(PROTOCOLS, 0, 3)}
        if draw.maybe(0.8):
            request["sni"] = draw.choice(ASKED_NAMES)
    return request
