"""The requests that are sent through the mesh of OSM 0.9, which has no egress."""

from __future__ import annotations

from tests.mesh.requests import (
    BOOKS,
    BUYER,
    DATABASE,
    NOBODY,
    STORE,
    STORE_DOMAIN,
    STORE_POD,
    STORE_V1,
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

REQUESTS = [
    *split(6),
    buy("another allowed path", path="/buy-a-book/new"),
    buy("the query does not count", path=f"{BOOKS}?limit=1"),
    buy("trailing slash: 404 at the server", path=f"{BOOKS}/"),
    buy("wrong method: 404 at the server", method="POST"),
    buy_with("a header is missing: 404 at the server", {"user-agent": BUYER["user-agent"]}),
    buy("bare name from another namespace: 404 here", host="bookstore"),
    buy("fully qualified name with port", host=f"{STORE_DOMAIN}:14001"),
    buy("unknown host on a known ClusterIP: 404 here", host="www.example.com"),
    buy("a backend directly", to=STORE_V1, host="bookstore-v1.bookstore:14001"),
    buy("a service it may not call: no chain here", to=WAREHOUSE, host=WAREHOUSE_HOST),
    buy("a known address, another port: no chain here", to="10.96.18.11:80"),
    buy("an unknown ClusterIP: no chain here", to=f"{NOBODY}:14001"),
    buy("a pod's address: no chain here", to=f"{STORE_POD}:14001"),
    buy("localhost: not seen", to="127.0.0.1:14001", host="localhost"),
    steal(
        "its sidecar still routes it: its certificate is refused",
        to=STORE_V1,
        host="bookstore-v1.bookstore",
    ),
    steal("the root, of which its sidecar knows one backend: no cluster, or refused", is_lot=True),
    steal("a service it never knew: no chain here", to=WAREHOUSE, host=WAREHOUSE_HOST),
    restock("bookstore-v1", "allowed"),
    restock("bookstore-v2", "allowed, with port", host=f"{WAREHOUSE_HOST}:14001"),
    restock("bookstore-v1", "wrong method: 404 at the server", method="GET"),
    tcp("bookwarehouse", "TCP, allowed", DATABASE),
    tcp("bookwarehouse", "HTTP's address: no chain here", STORE),
    Request("mysql", "no outbound listener: connection refused", WAREHOUSE, WAREHOUSE_HOST),
]
