"""The requests that are sent through the mesh of OSM 1.2."""

from __future__ import annotations

from tests.mesh.demo import BOOKSTORE
from tests.mesh.requests import (
    BOOKS,
    BUYER,
    DATABASE,
    DATABASE_POD,
    NOBODY,
    OUTSIDE,
    STORE,
    STORE_DOMAIN,
    STORE_HOST,
    STORE_POD,
    STORE_V1,
    STORE_V2,
    WAREHOUSE,
    WAREHOUSE_HOST,
    Request,
    buy,
    buy_with,
    restock,
    split,
    steal,
    tcp,
)

BUYER_SERVICE = "10.96.110.4:14001"
BUYER_POD = "10.244.0.11"
UPDATE = "/update-books-bought"

ROUTES = [
    buy("another allowed path", path="/buy-a-book/new"),
    buy("an allowed path with a query", path="/api/a-book/7/new?copies=2"),
    buy("the query does not count", path=f"{BOOKS}?limit=1"),
    buy("trailing slash: 404 at the server", path=f"{BOOKS}/"),
    buy("unknown path: 404 at the server", path="/books"),
    buy("path in upper case: 404 at the server", path="/BOOKS-BOUGHT"),
    buy("double slash: 404 at the server", path=f"/{BOOKS}"),
    buy("percent-encoded: 404 at the server", path="/books%2Dbought"),
    buy("wrong method: 404 at the server", method="POST"),
    buy("HEAD is not GET: 404 at the server", method="HEAD"),
    buy_with("a header is missing: 404 at the server", {"user-agent": BUYER["user-agent"]}),
    buy_with("a header's value differs: 404 at the server", {**BUYER, "client-app": "bookthief"}),
    buy_with("user agent does not match: 404 at the server", {**BUYER, "user-agent": "curl/8.5.0"}),
    buy_with(
        "the case of header names does not count",
        {"User-Agent": "x-http-client/2", "CLIENT-APP": "bookbuyer"},
    ),
    buy("a route that is another client's: 403 at the server", path=UPDATE, method="POST"),
    tcp("bookbuyer", "not HTTP at all on an HTTP chain: 400 here", STORE),
]
HOSTS = [
    buy("bare name from another namespace: 404 here", host="bookstore"),
    buy("bare name with port from another namespace: 404 here", host="bookstore:14001"),
    buy("name without port", host="bookstore.bookstore"),
    buy("name with svc and port", host="bookstore.bookstore.svc:14001"),
    buy("fully qualified name", host=STORE_DOMAIN),
    buy("fully qualified name with port", host=f"{STORE_DOMAIN}:14001"),
    buy("trailing dot: 404 here", host=f"{STORE_DOMAIN}."),
    buy("upper case", host="BOOKSTORE.Bookstore:14001"),
    buy("another port in the host: 404 here", host="bookstore.bookstore:80"),
    buy("the ClusterIP as host: 404 here", host=STORE),
    buy("unknown host on a known ClusterIP: 404 here", host="www.example.com"),
    buy("v1's host on the root's ClusterIP: the host decides", host="bookstore-v1.bookstore"),
    buy("a service it may not call, on a known ClusterIP: 404 here", host=WAREHOUSE_HOST),
]
ADDRESSES = [
    buy("a backend directly", to=STORE_V1, host="bookstore-v1.bookstore:14001"),
    *(
        buy(f"a backend with two pods ({number})", to=STORE_V2, host="bookstore-v2.bookstore")
        for number in range(1, 5)
    ),
    buy("a known address, another port: passed through", to="10.96.18.11:80"),
    buy("a service it may not call: passed through", to=WAREHOUSE, host=WAREHOUSE_HOST),
    buy("an unknown ClusterIP on a known port: passed through", to=f"{NOBODY}:14001"),
    buy("an unknown ClusterIP on an unknown port: passed through", to=f"{NOBODY}:8080"),
    buy("an address outside: passed through", to=f"{OUTSIDE}:80", host="www.example.com"),
    tcp("bookbuyer", "not HTTP, outside: passed through", f"{OUTSIDE}:9000"),
    buy("plaintext to a pod: the server has no chain for it", to=f"{STORE_POD}:14001"),
    buy("plaintext to a pod's other port: the server has no chain", to=f"{STORE_POD}:9999"),
    buy(
        "a sidecar's metrics: not redirected at the server",
        to=f"{STORE_POD}:15010",
        host=f"{STORE_POD}:15010",
        path="/stats/prometheus?filter=server.live",
    ),
    buy(
        "a sidecar's probe listener: not redirected at the server",
        to=f"{STORE_POD}:15901",
        host=f"{STORE_POD}:15901",
        path="/osm-liveness-probe",
    ),
]
SELF = [
    Request("bookbuyer", note, to, host, path, method)
    for note, to, host, path, method in (
        ("its own service, through both listeners", BUYER_SERVICE, "bookbuyer", "/status", "GET"),
        ("its own service, any method", BUYER_SERVICE, "bookbuyer:14001", "/status", "POST"),
        ("its own service, no such route: 404", BUYER_SERVICE, "bookbuyer", "/", "GET"),
        ("its own address: not seen", f"{BUYER_POD}:14001", "bookbuyer", "/status", "GET"),
        ("localhost: not seen", "127.0.0.1:14001", "localhost", "/status", "GET"),
    )
]
THIEF = [
    steal("its sidecar still routes it: network RBAC ends it (1)"),
    steal("its sidecar still routes it: network RBAC ends it (2)"),
    steal("a backend directly: network RBAC ends it", to=STORE_V1, host="bookstore-v1.bookstore"),
    steal("bare name from another namespace: 404 here", host="bookstore"),
    steal("a service it never knew: passed through", to=WAREHOUSE, host=WAREHOUSE_HOST),
    steal("plaintext to a pod: the server has no chain for it", to=f"{STORE_POD}:14001"),
    tcp("bookthief", "an address outside: passed through", f"{OUTSIDE}:443"),
    steal("localhost: not seen", to="127.0.0.1:14001", host="localhost:14001"),
]
RESTOCK = [
    restock("bookstore-v1", "allowed"),
    restock(
        "bookstore-v1",
        "the policy's host has no port: 404 at the server",
        host=f"{WAREHOUSE_HOST}:14001",
    ),
    restock(
        "bookstore-v1",
        "the policy's host is another name: 404 at the server",
        host=f"{WAREHOUSE_HOST}.svc.cluster.local",
    ),
    restock("bookstore-v1", "wrong method: 404 at the server", method="GET"),
    restock("bookstore-v1", "bare name from another namespace: 404 here", host="bookwarehouse"),
    restock(BOOKSTORE.pods[4].name, "allowed, from a second replica"),
    Request(
        "bookstore-v1",
        "its own service, which no target allows: passed through",
        STORE_V1,
        "bookstore-v1",
    ),
]
STOCK = [
    Request("bookwarehouse", note, to, host, path, method, headers)
    for note, to, host, path, method, headers in (
        ("allowed", STORE_V1, "bookstore-v1.bookstore", UPDATE, "POST", {}),
        ("allowed, by the root (1)", STORE, STORE_HOST, UPDATE, "POST", {}),
        ("allowed, by the root (2)", STORE, STORE_HOST, UPDATE, "POST", {}),
        ("wrong method: 404 at the server", STORE, STORE_HOST, UPDATE, "GET", {}),
        ("another client's route: 403 at the server", STORE, STORE_HOST, BOOKS, "GET", BUYER),
        ("its own service, no target: passed through", WAREHOUSE, "bookwarehouse", "/", "GET", {}),
    )
]
TCP = [
    tcp("bookwarehouse", "TCP, allowed (1)", DATABASE, waits_for_greeting=True),
    tcp("bookwarehouse", "TCP, allowed (2)", DATABASE, waits_for_greeting=True),
    tcp("bookwarehouse", "another port: passed through", "10.96.75.133:3307"),
    tcp("bookwarehouse", "plaintext to a pod: the server has no chain", f"{DATABASE_POD}:3306"),
    tcp(
        "bookthief",
        "its sidecar still routes it: greeted, then network RBAC ends it",
        DATABASE,
        waits_for_greeting=True,
    ),
    tcp("bookstore-v1", "a database it may not call: passed through", DATABASE),
    Request("mysql", "no target at all: passed through", WAREHOUSE, WAREHOUSE_HOST),
]

REQUESTS = [
    *split(8),
    *ROUTES,
    *HOSTS,
    *ADDRESSES,
    *SELF,
    *THIEF,
    *RESTOCK,
    *STOCK,
    *TCP,
]
