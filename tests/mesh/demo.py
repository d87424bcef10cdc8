"""The two meshes: OSM's bookstore demo for OSM 1.2, and a smaller one for OSM 0.9."""

from __future__ import annotations

from tests.mesh.topology import (
    HttpMatch,
    Mesh,
    Pod,
    RouteGroup,
    Service,
    TrafficSplit,
    TrafficTarget,
)

BOOKBUYER = "bookbuyer/bookbuyer"
BOOKTHIEF = "bookthief/bookthief"
BOOKSTORE_V1 = "bookstore/bookstore-v1"
BOOKSTORE_V2 = "bookstore/bookstore-v2"
BOOKWAREHOUSE = "bookwarehouse/bookwarehouse"
MYSQL = "bookwarehouse/mysql"

BUY_A_BOOK = HttpMatch("buy-a-book", ("GET",), ".*a-book.*new")
BOOKS_BOUGHT = HttpMatch(
    "books-bought",
    ("GET",),
    "/books-bought",
    (("user-agent", ".*-http-client/*.*"), ("client-app", "bookbuyer")),
)
UPDATE_BOOKS_BOUGHT = HttpMatch("update-books-bought", ("POST",), "/update-books-bought")
RESTOCK_BOOKS = HttpMatch(
    "restock-books", ("POST",), ".*", (("host", "bookwarehouse.bookwarehouse"),)
)
RESTOCK_BOOKS_ANY_HOST = HttpMatch("restock-books", ("POST",), ".*")
STATUS = HttpMatch("status", ("*",), "/status")


def _bookstore_pod(version: str, suffix: str, ip: str) -> Pod:
    workload = f"bookstore-{version}"
    labels = {"app": "bookstore", "version": version}
    return Pod("bookstore", workload, suffix, ip, workload, labels, is_probed=True, is_scraped=True)


def _pod(workload: str, suffix: str, ip: str) -> Pod:
    return Pod(workload, workload, suffix, ip, workload, {"app": workload})


BOOKSTORE_SERVICES = (
    Service("bookstore", "bookstore", "10.96.18.11", {"app": "bookstore"}),
    Service("bookstore", "bookstore-v1", "10.96.18.21", {"app": "bookstore", "version": "v1"}),
    Service("bookstore", "bookstore-v2", "10.96.18.22", {"app": "bookstore", "version": "v2"}),
)
BOOKWAREHOUSE_SERVICE = Service(
    "bookwarehouse", "bookwarehouse", "10.96.75.109", {"app": "bookwarehouse"}
)
SPLIT = TrafficSplit(
    "bookstore", "bookstore-split", "bookstore", {"bookstore-v1": 50, "bookstore-v2": 50}
)
ROUTES = "bookstore-service-routes"


def _bookstore_target(version: str, source: str, *, name: str = "") -> TrafficTarget:
    destination = f"bookstore/bookstore-{version}"
    matches = (BUY_A_BOOK, BOOKS_BOUGHT)
    return TrafficTarget(name or f"bookstore-{version}", destination, (source,), matches, ROUTES)


def _stock_target(version: str) -> TrafficTarget:
    destination = f"bookstore/bookstore-{version}"
    name = f"bookstore-{version}-stock"
    return TrafficTarget(name, destination, (BOOKWAREHOUSE,), (UPDATE_BOOKS_BOUGHT,), ROUTES)


BOOKSTORE = Mesh(
    name="bookstore",
    release="1.2",
    has_egress=True,
    pods=(
        _pod("bookbuyer", "5ccf77f46d-rc5mg", "10.244.0.11"),
        _pod("bookthief", "6bbd7f4d7b-2gnk8", "10.244.0.12"),
        _bookstore_pod("v1", "7f9c4c8d5-x2jlp", "10.244.1.21"),
        _bookstore_pod("v2", "845b8d6f9c-h8wqz", "10.244.1.22"),
        _bookstore_pod("v2", "845b8d6f9c-t5k9n", "10.244.2.23"),
        _pod("bookwarehouse", "69f5b4c7d8-mz4vd", "10.244.2.31"),
        Pod(
            "bookwarehouse",
            "mysql",
            "58d6c9bb4f-q7r2s",
            "10.244.2.32",
            "mysql",
            {"app": "mysql"},
            3306,
            "tcp-server-first",
        ),
    ),
    services=(
        Service("bookbuyer", "bookbuyer", "10.96.110.4", {"app": "bookbuyer"}),
        *BOOKSTORE_SERVICES,
        BOOKWAREHOUSE_SERVICE,
        Service(
            "bookwarehouse",
            "mysql",
            "10.96.75.133",
            {"app": "mysql"},
            3306,
            3306,
            "tcp-server-first",
        ),
    ),
    splits=(SPLIT,),
    route_groups=(
        RouteGroup("bookbuyer", "bookbuyer-service-routes", (STATUS,)),
        RouteGroup("bookstore", ROUTES, (BUY_A_BOOK, BOOKS_BOUGHT, UPDATE_BOOKS_BOUGHT)),
        RouteGroup("bookwarehouse", "bookwarehouse-service-routes", (RESTOCK_BOOKS,)),
    ),
    targets=(
        TrafficTarget("bookbuyer", BOOKBUYER, (BOOKBUYER,), (STATUS,), "bookbuyer-service-routes"),
        _bookstore_target("v1", BOOKBUYER),
        _stock_target("v1"),
        _bookstore_target("v2", BOOKBUYER),
        _stock_target("v2"),
        TrafficTarget(
            "bookwarehouse",
            BOOKWAREHOUSE,
            (BOOKSTORE_V1, BOOKSTORE_V2),
            (RESTOCK_BOOKS,),
            "bookwarehouse-service-routes",
        ),
        TrafficTarget("mysql", MYSQL, (BOOKWAREHOUSE,), tcp_ports=(3306,)),
    ),
    deleted_targets=(
        _bookstore_target("v1", BOOKTHIEF, name="bookstore-v1-bookthief"),
        _bookstore_target("v2", BOOKTHIEF, name="bookstore-v2-bookthief"),
        TrafficTarget("mysql-bookthief", MYSQL, (BOOKTHIEF,), tcp_ports=(3306,)),
    ),
)

SMALL_BOOKSTORE = Mesh(
    name="bookstore-0.9",
    release="0.9",
    has_egress=False,
    pods=(
        _pod("bookbuyer", "b545cc7c9-nwm5l", "10.244.0.11"),
        _pod("bookthief", "6f8c6b5d4c-9xkzt", "10.244.0.12"),
        Pod(
            "bookstore",
            "bookstore-v1",
            "74d9cbd7c8-vxsbm",
            "10.244.1.21",
            "bookstore-v1",
            {"app": "bookstore", "version": "v1"},
        ),
        Pod(
            "bookstore",
            "bookstore-v2",
            "6d7b9c5f84-kq2wd",
            "10.244.1.22",
            "bookstore-v2",
            {"app": "bookstore", "version": "v2"},
        ),
        _pod("bookwarehouse", "5bb4d5c7f9-l6hjr", "10.244.2.31"),
        Pod(
            "bookwarehouse",
            "mysql",
            "7c66df8f5d-z8n4b",
            "10.244.2.32",
            "mysql",
            {"app": "mysql"},
            3306,
            "tcp",
        ),
    ),
    services=(
        *BOOKSTORE_SERVICES,
        BOOKWAREHOUSE_SERVICE,
        Service("bookwarehouse", "mysql", "10.96.75.133", {"app": "mysql"}, 3306, 3306, "tcp"),
    ),
    splits=(SPLIT,),
    route_groups=(
        RouteGroup("bookstore", ROUTES, (BUY_A_BOOK, BOOKS_BOUGHT)),
        RouteGroup("bookwarehouse", "bookwarehouse-service-routes", (RESTOCK_BOOKS_ANY_HOST,)),
    ),
    targets=(
        _bookstore_target("v1", BOOKBUYER),
        _bookstore_target("v2", BOOKBUYER),
        TrafficTarget(
            "bookwarehouse",
            BOOKWAREHOUSE,
            (BOOKSTORE_V1, BOOKSTORE_V2),
            (RESTOCK_BOOKS_ANY_HOST,),
            "bookwarehouse-service-routes",
        ),
        TrafficTarget("mysql", MYSQL, (BOOKWAREHOUSE,), tcp_ports=(3306,)),
    ),
    deleted_targets=(_bookstore_target("v1", BOOKTHIEF, name="bookstore-v1-bookthief"),),
)

MESHES = {mesh.release: mesh for mesh in (BOOKSTORE, SMALL_BOOKSTORE)}
