"""What Envoy 1.40.0 takes for a gRPC request."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.grpc import is_grpc


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/grpc", True),
        ("application/grpc+proto", True),
        ("application/grpc-web", False),
        ("application/grpc;x", False),
        ("application/json", False),
    ],
)
def test_content_type_decides(content_type: str, expected: bool) -> None:
    assert is_grpc(Headers.of([("Content-Type", content_type)])) is expected


def test_without_content_type_it_is_none() -> None:
    assert not is_grpc(Headers())
