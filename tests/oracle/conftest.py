"""One stand-in and one set of certificates for all tests; an Envoy for each batch."""

from collections.abc import Iterator

import pytest

from tests.oracle.envoy_batch import Oracle, oracle


@pytest.fixture(scope="session")
def envoy_oracle() -> Iterator[Oracle]:
    """Give what puts cases to a real Envoy."""
    with oracle() as one:
        yield one
