"""A request of the meshes, and the addresses and headers that both meshes' requests use."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.mesh.access_log import REQUEST_ID_HEADER
from tests.mesh.topology import Mesh

BUYER = {"user-agent": "Go-http-client/1.1", "client-app": "bookbuyer"}
BOOKS = "/books-bought"
STORE_HOST = "bookstore.bookstore:14001"
STORE_DOMAIN = "bookstore.bookstore.svc.cluster.local"
WAREHOUSE_HOST = "bookwarehouse.bookwarehouse"

STORE = "10.96.18.11:14001"
STORE_V1 = "10.96.18.21:14001"
STORE_V2 = "10.96.18.22:14001"
WAREHOUSE = "10.96.75.109:14001"
DATABASE = "10.96.75.133:3306"
NOBODY = "10.96.200.200"
OUTSIDE = "10.250.0.1"
STORE_POD = "10.244.1.21"
DATABASE_POD = "10.244.2.32"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, in the words of the batch form of ``osmscope trace``.

    ``client`` is a pod or a workload; ``note`` says what one expects; ``to`` is ``address:port``.
    """

    client: str
    note: str
    to: str
    host: str = ""
    path: str = "/"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    protocol: str = "http/1.1"
    waits_for_greeting: bool = False
    is_lot: bool = False
    """Whether even success or failure is drawn by lot, so that another run may tell otherwise."""

    def fields(self, mesh: Mesh, identifier: str) -> dict[str, object]:
        """The request as a line of a batch."""
        address, _, port = self.to.partition(":")
        result: dict[str, object] = {
            "id": identifier,
            "direction": "outbound",
            "src_ip": mesh.pod(self.client).ip,
            "dst_ip": address,
            "dst_port": int(port),
            "protocol": self.protocol,
        }
        if self.protocol == "tcp":
            return result
        return {
            **result,
            "method": self.method,
            "host": self.host,
            "path": self.path,
            "headers": {**self.headers, REQUEST_ID_HEADER: identifier},
        }


def buy(
    note: str, *, to: str = STORE, host: str = STORE_HOST, path: str = BOOKS, method: str = "GET"
) -> Request:
    """A request of the bookbuyer with its usual headers."""
    return Request("bookbuyer", note, to, host, path, method, BUYER)


def buy_with(note: str, headers: dict[str, str]) -> Request:
    """The bookbuyer's usual request with other headers."""
    return Request("bookbuyer", note, STORE, STORE_HOST, BOOKS, headers=headers)


def steal(note: str, *, to: str = STORE, host: str = STORE_HOST, is_lot: bool = False) -> Request:
    """A request of the bookthief, who pretends to be the bookbuyer."""
    return Request("bookthief", note, to, host, BOOKS, headers=BUYER, is_lot=is_lot)


def restock(client: str, note: str, *, host: str = WAREHOUSE_HOST, method: str = "POST") -> Request:
    """A request of a bookstore to the bookwarehouse."""
    return Request(client, note, WAREHOUSE, host, "/restock-books", method)


def tcp(client: str, note: str, to: str, *, waits_for_greeting: bool = False) -> Request:
    """One line over plain TCP."""
    return Request(client, note, to, protocol="tcp", waits_for_greeting=waits_for_greeting)


def split(count: int) -> list[Request]:
    """The request that the TrafficSplit draws lots for, several times."""
    return [buy(f"allowed: the split decides ({number})") for number in range(1, count + 1)]
