"""What a line says that happened."""

from __future__ import annotations

import pytest

from osmscope.replay.logged import Logged, address_and_port, logged


@pytest.mark.parametrize(
    ("values", "happened"),
    [
        ({"method": "GET", "code": "200", "upstream_host": "10.0.0.1:80"}, "forwarded"),
        ({"method": "GET", "code": "200", "details": "via_upstream"}, "forwarded"),
        ({"method": "GET", "code": "503", "flags": "UF,URX", "cluster": "a"}, "forwarded"),
        ({"method": "GET", "code": "503", "flags": "UF"}, "nothing"),
        ({"method": "GET", "code": "503", "flags": "UH", "cluster": "a"}, "replied"),
        ({"method": "GET", "code": "404", "flags": "NR"}, "replied"),
        ({"method": "GET", "code": "0", "flags": "DC"}, "nothing"),
        ({"method": "GET", "code": "0"}, "nothing"),
        ({"code": "400", "flags": "DPE"}, "nothing"),
        ({"code": "0", "flags": "NR"}, "closed"),
        ({"code": "0", "termination": "rbac_access_denied_matched_policy[none]"}, "closed"),
        ({"code": "0", "flags": ""}, "nothing"),
        ({"cluster": "tcp", "upstream_host": "10.0.0.1:1"}, "forwarded"),
    ],
)
def test_what_happened(values: dict[str, str], happened: str) -> None:
    assert logged(values).happened == happened


def test_what_is_not_logged_is_none_and_what_was_nothing_is_empty() -> None:
    line = logged({"route": "", "header:a": "", "header:b": None})
    assert (line.route, line.cluster, line.headers) == ("", None, (("a", ""),))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, None),
        ({"peer_dns": ""}, ()),
        ({"peer_dns": "a", "peer_uri": "spiffe://b"}, ("spiffe://b", "a")),
    ],
)
def test_names_of_the_client(values: dict[str, str], names: object) -> None:
    assert logged(values).peer_names() == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1:80", ("10.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("", ("", None)),
        ("envoy://internal/1", ("", None)),
        ("/var/run/socket", ("", None)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int | None]) -> None:
    assert address_and_port(text) == expected


def test_a_line_in_words() -> None:
    line = Logged(
        method="GET", authority="a", path="/b", code=404, flags=frozenset({"NR"}), start_time="t",
        details="route_not_found", local_address="10.0.0.1:80",
    )  # fmt: skip
    assert line.summary() == "t GET a/b to 10.0.0.1:80 404 NR route_not_found"
    assert Logged(cluster="c", details="via_upstream").summary() == "TCP c"
