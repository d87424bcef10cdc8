"""A real Envoy to read from, and readers for the texts that tests make up."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from osmscope.dump.sections import Dump
from tests.live_envoy import running_envoy

Ask = Callable[[str], bytes]
ReadDump = Callable[..., Dump]

BOOKBUYER = Path(__file__).parents[2] / "fixtures/bookstore/pods/bookbuyer"


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """Ask a real Envoy with resources in all states for a path of its admin interface."""
    with (
        running_envoy() as address,
        httpx.Client(transport=httpx.HTTPTransport(uds=address.removeprefix("unix://"))) as client,
    ):
        yield lambda path: client.get(f"http://envoy{path}").content


@pytest.fixture(scope="session")
def bookbuyer() -> Path:
    """The folder of one real sidecar: config_dump.json and clusters.json."""
    return next(BOOKBUYER.iterdir())


@pytest.fixture
def read_sections() -> ReadDump:
    """Read a dump of the sections that a test gives, by the name of their type."""

    def read(**sections: dict[str, object]) -> Dump:
        configs = [
            {"@type": f"type.googleapis.com/envoy.admin.v3.{name}", **fields}
            for name, fields in sections.items()
        ]
        return Dump.read(json.dumps({"configs": configs}).encode(), where="test.json")

    return read
