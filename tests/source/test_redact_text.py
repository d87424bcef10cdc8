"""Credentials in text: what goes, and what only looks like it."""

from __future__ import annotations

import pytest

from osmscope.source.redact_text import (
    is_secret_field,
    is_secret_header,
    redact_code,
    redact_command,
    redact_text,
    redact_value,
)

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a {KEY} b", "a [redacted] b"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[redacted]"),
        (f"x={JWT}", "x=[redacted]"),
        ("Authorization: Bearer abcdef012345", "Authorization: Bearer [redacted]"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic [redacted]"),
        ("https://joe:hunter2@example.org/x", "https://[redacted]@example.org/x"),
        ("key AKIAABCDEFGHIJKLMNOP", "key [redacted]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"),
        ("Bearer %REQ(x-token)%", "Bearer %REQ(x-token)%"),
        ("spiffe://cluster.local/ns/a/sa/b", "spiffe://cluster.local/ns/a/sa/b"),
        ("-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE"),
        ("bookstore/bookstore-v1|14001|local", "bookstore/bookstore-v1|14001|local"),
        ("mailto@example.org", "mailto@example.org"),
    ],
)
def test_what_looks_like_a_credential_goes_from_any_text(text: str, left: str) -> None:
    assert redact_text(text) == left


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ('h:add("authorization", "Bearer t")', 'h:add("authorization", "Bearer [redacted]")'),
        ("h:replace('X-Api-Key', 'k-1')", "h:replace('X-Api-Key', '[redacted]')"),
        ('h:add("cookie", "a=b")', 'h:add("cookie", "[redacted]")'),
        ('add("authorization", "Bearer " .. token)', 'add("authorization", "Bearer " .. token)'),
        ('h:add("osm-stats-name", "bookbuyer")', 'h:add("osm-stats-name", "bookbuyer")'),
        ('local api_token = "s3cr3t"', 'local api_token = "[redacted]"'),
        ('if password == "s3cr3t" then', 'if password == "[redacted]" then'),
        ('t = {["authorization"] = "x"}', 't = {["authorization"] = "[redacted]"}'),
        ('{"clientSecret": "abc"}', '{"clientSecret": "[redacted]"}'),
        ('"{\\"password\\": \\"abc\\"}"', '"{\\"password\\": \\"[redacted]\\"}"'),
        ("user: joe\npassword: hunter2\nport: 80", "user: joe\npassword: [redacted]\nport: 80"),
        ("- token: abc", "- token: [redacted]"),
        ('local secret_name = "the-secret"', 'local secret_name = "the-secret"'),
        ('max_tokens = "10"', 'max_tokens = "10"'),
    ],
)  # fmt: skip
def test_literals_of_secret_names_go_from_code(code: str, left: str) -> None:
    assert redact_code(code) == left


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("run --token=abc --port 80", "run --token=[redacted] --port 80"),
        ("run --password abc", "run --password [redacted]"),
        ("run -token --port 80", "run -token --port 80"),
        ("run --secret-name abc", "run --secret-name abc"),
    ],
)
def test_options_of_secret_names_go_from_commands(words: str, left: str) -> None:
    assert redact_command(words) == left


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("abc", "[redacted]"),
        ("Bearer abc", "Bearer [redacted]"),
        ("", ""),
        ("Bearer ", "Bearer "),
        ("Bearer .*", "Bearer .*"),
        (r"^Bearer\s.+$", r"^Bearer\s.+$"),
        (r"^Bearer\sabc$", r"^Bearer\s[redacted]"),
        ("%REQ(x-token)%", "%REQ(x-token)%"),
        ("Bearer %REQ(x-token)%", "Bearer %REQ(x-token)%"),
        ("(.*;)?session=.+", "(.*;)?session=.+"),
        ("session=abc", "[redacted]"),
        (".*user=jason.*", "[redacted]"),
    ],
)
def test_a_value_is_secret_unless_it_only_names_a_scheme(value: str, left: str) -> None:
    assert redact_value(value) == left


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *(
            (name, True)
            for name in ("Authorization", "proxy-authorization", "cookie", "Set-Cookie")
        ),
        *((name, True) for name in ("x-consul-token", "x-api-key", "x-auth", "X-Session-Id")),
        *((name, False) for name in (":path", "host", "user-agent", "x-author", "client-app")),
    ],
)
def test_secret_headers(name: str, secret: bool) -> None:
    assert is_secret_header(name) is secret


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *((name, True) for name in ("password", "private_key", "privateKey", "DB_PASSWORD")),
        *((name, True) for name in ("access_token", "hmac_secret", "apiKey", "api-key", "jwt")),
        *((name, True) for name in ("authorization", "set-cookie", "secret_access_key", "pkcs12")),
        *((name, False) for name in ("secret_name", "token_bucket", "max_tokens_path", "key")),
        *((name, False) for name in ("from_cookies", "cookie_names", "tls_certificate", "name")),
    ],
)
def test_secret_fields(name: str, secret: bool) -> None:
    assert is_secret_field(name) is secret


PIECES = r"""a | eyJ- | eyJaaaaaa. | a= | " | a=" | ://a: | -a  | Bearer  | "token", | token: | [
| % | a=( | - | 'a"= | -----BEGIN PRIVATE KEY-----"""


@pytest.mark.parametrize("piece", [" ", "\n", *PIECES.split("|")])
def test_hostile_text_comes_to_an_end(piece: str) -> None:
    """A pattern that tried again at each place would take hours for this."""
    text = piece.lstrip(" ") * (300_000 // len(piece)) or " " * 300_000
    assert isinstance(redact_command(text) + redact_value(text), str)
