"""The code that a failed detection of the client's address is answered with."""

import pytest

from osmscope.resources.original_ip_detection import HttpStatus


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (HttpStatus(code="Unauthorized"), 401),
        (HttpStatus(code=429), 429),
        (HttpStatus(code="OK"), 403),
        (HttpStatus(code=200), 403),
        (HttpStatus(), 403),
    ],
)
def test_errors_alone_count(status: HttpStatus, code: int) -> None:
    assert status.status_code() == code
