"""Server names, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.server_name import server_name_key, server_name_keys


@pytest.mark.parametrize(
    ("configured", "key"),
    [
        ("example.com", "example.com"),
        ("Example.COM", "example.com"),
        ("*.Example.com", ".example.com"),
    ],
)
def test_configured_names_are_filed_in_lower_case_and_wildcards_by_their_suffix(
    configured: str, key: str
) -> None:
    assert server_name_key(configured) == key


@pytest.mark.parametrize(
    ("server_name", "keys"),
    [
        ("", []),
        ("localhost", ["localhost"]),
        ("example.com", ["example.com", ".com"]),
        ("x.b.example.com", ["x.b.example.com", ".b.example.com", ".example.com", ".com"]),
        (".com", [".com"]),
        ("a.b.", ["a.b.", ".b."]),
    ],
)
def test_the_exact_name_comes_first_then_suffixes_from_the_longest(
    server_name: str, keys: list[str]
) -> None:
    assert list(server_name_keys(server_name)) == keys
