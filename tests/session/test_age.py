from datetime import UTC, datetime
from pathlib import Path

import pytest

from osmscope.session.age import Data, data_of, size_words
from osmscope.session.sources import SourceOptions, read_sidecar

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            Data(live=True, last_updated="2026-11-25T11:42:00.123456789Z", questions=5, bytes=9000),
            "live; 5 questions asked, 9 KiB; last changed 18 minutes ago (2026-11-25 11:42:00Z)",
        ),
        (
            Data(live=True, questions=1, bytes=12),
            "live; 1 question asked, 12 bytes",
        ),
        (Data(live=True), "live"),
        (
            Data(
                live=False, captured_at="2026-11-22T12:00:00Z", last_updated="2020-01-01T00:00:00Z"
            ),
            "captured 3 days ago (2026-11-22 12:00:00Z)",
        ),
        (
            Data(live=False, captured_at="2026-11-25T11:59:59+00:00"),
            "captured 1 second ago (2026-11-25 11:59:59+00:00)",
        ),
        (
            Data(live=False, last_updated="2026-11-25T11:00:00Z"),
            "last changed 1 hour ago (2026-11-25 11:00:00Z)",
        ),
        (
            Data(live=False, last_updated="2026-11-25T12:00:00Z"),
            "last changed just now (2026-11-25 12:00:00Z)",
        ),
        (
            Data(live=False, last_updated="2026-11-25T12:00:09Z"),
            "last changed 2026-11-25 12:00:09Z, by its own clock",
        ),
        (Data(live=False, last_updated="yesterday"), "last changed yesterday"),
        (Data(live=False), "of an unknown time"),
    ],
)
def test_the_age_is_said_on_a_line(data: Data, words: str) -> None:
    assert data.words(NOW) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1 << 18, "256 KiB"), (78 << 20, "78 MiB"),
     (3 << 30, "3 GiB")],
)  # fmt: skip
def test_bytes_are_counted_in_units(size: int, words: str) -> None:
    assert size_words(size) == words


def test_a_captured_sidecar_is_as_old_as_its_manifest_says(bookstore: Path) -> None:
    sidecar = read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore)))
    assert data_of(sidecar) == Data(live=False, captured_at="2026-11-22T21:06:35Z")
    assert sidecar.proxy.listeners
    assert data_of(sidecar).last_updated.startswith("2026-11-22T21:06:29")


def test_what_was_not_read_is_no_newest_update(bookbuyer: Path) -> None:
    assert data_of(read_sidecar(str(bookbuyer), SourceOptions())).last_updated == ""
