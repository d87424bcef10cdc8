"""Virtual hosts: exact names, suffixes, prefixes, ports, case, dots, `vhost_header`; and none."""

from tests.oracle.blocks import HOSTS, ODD_HOSTS, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw

DOMAINS = ("bookstore", "bookstore:14001", "bookstore.ns.svc", "*.example.com", "*.y.example.com",
           "a.example.com", "*.com", "foo.*", "foo.bar:80", "foo.bar", "api.*", "api.f*", "*",
           "10.1.2.3", "other", "other.", "*-store", "*store", "BookStore", "x.*", "*:443",
           "bookstore*", "book*", "*.EXAMPLE.com", "A.*", "*.", ".*", "[::1]", "[::1]:80", "[*",
           "[::1]*", "*]", "*:80", ":80", "*0", "u@bookstore", "b%6fokstore", "bookstore:", "a*",
           "bookstore..", "*.bookstore", "10.1.*", "10.1.2.3:*", "*.svc", "bookstore.ns.*",
           "foo.bar:*", "b*", "*e", "book_store", "xn--*")  # fmt: skip


def draw_virtual_hosts(draw: Draw) -> Case:
    """Draw virtual hosts that share all domains among them."""
    domains = draw.some(DOMAINS, 1, 14)
    hosts: list[Json] = []
    while domains:
        taken = draw.randint(1, 3)
        hosts.append(_virtual_host(draw, f"host-{len(hosts)}", domains[:taken]))
        domains = domains[taken:]
    configuration: Json = {"name": "routes", "virtual_hosts": hosts}
    configuration |= draw.fields(
        0.2,
        ignore_port_in_host_matching=lambda: True,
        vhost_header=lambda: draw.choice(("x-user", ":path", "X-User", "host", ":method")),
    )
    manager = draw.fields(
        0.25,
        strip_any_host_port=lambda: True,
        strip_trailing_host_dot=lambda: True,
    )
    if "strip_any_host_port" not in manager and draw.maybe(0.3):
        manager["strip_matching_host_port"] = True
    listener = http_listener(configuration, **manager)
    return Case(family="virtual_hosts", listener=listener, requests=requests(draw, _request))


def _virtual_host(draw: Draw, name: str, domains: list[str]) -> Json:
    host: Json = {"name": name, "domains": domains, "routes": []}
    for number in range(draw.randint(0, 2)):
        prefix = draw.choice(("/", "/books", "/api"))
        action = {"cluster": draw.choice(("alpha", "beta"))}
        host["routes"].append(
            {"name": f"{name}-{number}", "match": {"prefix": prefix}, "route": action}
        )
    if draw.maybe(0.1):
        host["require_tls"] = draw.choice(("ALL", "EXTERNAL_ONLY", "NONE"))
    return host


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.3):
        request["host"] = draw.choice([one.replace("*", "q") for one in DOMAINS])
    if draw.maybe(0.2):
        request["headers"]["x-user"] = draw.choice((*HOSTS, *ODD_HOSTS, *DOMAINS))
    if draw.maybe(0.03):
        request["headers"]["x-user"] = draw.some((*HOSTS, *DOMAINS), 2, 2)
    if draw.maybe(0.2):
        request["headers"]["x-forwarded-proto"] = draw.choice(
            ("https", "http", "ftp", "HTTPS", "https, http", "")
        )
    return request
