"""A real Envoy to read from."""

from collections.abc import Iterator

import pytest

from tests.live_envoy import running_envoy


@pytest.fixture(scope="session")
def live_envoy() -> Iterator[str]:
    """The admin address of a real Envoy with resources in all states."""
    with running_envoy() as address:
        yield address
