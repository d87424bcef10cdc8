"""The hosts that a request names by itself."""

import pytest

from osmscope.resources.load_balancing import OverrideHostSource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.override_host import override_addresses

BY_HEADER = OverrideHostSource(header="x-to")
BY_METADATA = OverrideHostSource(metadata={"key": "ns", "path": [{"key": "to"}]})
LEFT = {"ns": {"to": "10.0.0.3:80"}}


@pytest.mark.parametrize(
    ("sources", "header", "metadata", "addresses"),
    [
        ((BY_HEADER,), "10.0.0.1:80", {}, ("10.0.0.1:80",)),
        ((BY_HEADER,), "10.0.0.1:80, 10.0.0.2:80", {}, ("10.0.0.1:80", "10.0.0.2:80")),
        ((BY_HEADER,), None, LEFT, ()),
        ((BY_HEADER,), "", LEFT, ()),
        ((BY_HEADER, BY_METADATA), None, LEFT, ("10.0.0.3:80",)),
        ((BY_HEADER, BY_METADATA), "10.0.0.1:80, ", LEFT, ("10.0.0.1:80", "10.0.0.3:80")),
        ((BY_METADATA,), None, {"ns": {"to": 1}}, ()),
        ((BY_METADATA,), None, {}, ()),
        ((OverrideHostSource(),), "10.0.0.1:80", LEFT, ()),
        ((), "10.0.0.1:80", LEFT, ()),
    ],
)
def test_the_sources_follow_one_another(
    sources: tuple[OverrideHostSource, ...],
    header: str | None,
    metadata: dict[str, dict[str, object]],
    addresses: tuple[str, ...],
) -> None:
    headers = Headers.of([] if header is None else [("x-to", header)])
    request = Request(connection=Connection(), headers=headers, metadata=metadata)
    assert override_addresses(sources, request) == addresses
