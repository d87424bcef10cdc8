"""Redaction of JSON: which values go, which stay, and what is told of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.errors import SourceError
from osmscope.source import redact
from osmscope.source.redact import Json, Redacted, redact_json, redact_tree

FIXTURES = Path(__file__).parents[2] / "fixtures"
R = "[redacted]"
BYTES = "W3JlZGFjdGVkXQ=="
KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def redacted(value: Json) -> Json:
    data = b"".join(redact_json(json.dumps(value).encode(), Redacted()))
    result: Json = json.loads(data)
    return result


GONE: list[tuple[str, Json, Json]] = [
    (
        "private key of a certificate",
        {"tls_certificate": {"private_key": {"inline_string": KEY}}},
        {"tls_certificate": {"private_key": {"inline_string": R}}},
    ),
    (
        "its password, as bytes, in another spelling",
        {"tlsCertificate": {"password": {"inlineBytes": "YWJj"}, "pkcs12": {"inlineBytes": "YQ"}}},
        {"tlsCertificate": {"password": {"inlineBytes": BYTES}, "pkcs12": {"inlineBytes": BYTES}}},
    ),
    (
        "keys of session tickets",
        {"session_ticket_keys": {"keys": [{"inline_bytes": "YWJj"}]}},
        {"session_ticket_keys": {"keys": [{"inline_bytes": BYTES}]}},
    ),
    (
        "generic secret",
        {"generic_secret": {"secret": {"inline_string": "abc"}}},
        {"generic_secret": {"secret": {"inline_string": R}}},
    ),
    (
        "header that is added",
        {"request_headers_to_add": [{"header": {"key": "Authorization", "value": "Basic YTpi"}}]},
        {"request_headers_to_add": [{"header": {"key": "Authorization", "value": f"Basic {R}"}}]},
    ),
    (
        "header as bytes",
        {"header": {"key": "x-api-key", "raw_value": "YWJj"}},
        {"header": {"key": "x-api-key", "raw_value": BYTES}},
    ),
    (
        "metadata of a gRPC service in the bootstrap",
        {"initial_metadata": [{"key": "x-consul-token", "value": "abc"}]},
        {"initial_metadata": [{"key": "x-consul-token", "value": R}]},
    ),
    (
        "credentials of Google gRPC",
        {"call_credentials": [{"access_token": "abc"}, {"google_refresh_token": "abc"}]},
        {"call_credentials": [{"access_token": R}, {"google_refresh_token": R}]},
    ),
    (
        "Lua code",
        {"inline_code": 'h:add("cookie", "a=b")'},
        {"inline_code": f'h:add("cookie", "{R}")'},
    ),
    (
        "Lua code in a source",
        {"default_source_code": {"inline_string": 'local password = "abc"'}},
        {"default_source_code": {"inline_string": f'local password = "{R}"'}},
    ),
    (
        "users of basic authentication",
        {"users": {"inline_string": "joe:{SHA}abc"}},
        {"users": {"inline_string": R}},
    ),
    (
        "keys of clients",
        {"credentials": [{"key": "abc", "client": "joe"}]},
        {"credentials": [{"key": R, "client": "joe"}]},
    ),
    (
        "symmetric and private parts of a JWKS",
        {"local_jwks": {"inline_string": '{"keys":[{"kty":"oct","k":"abc","kid":"1"}]}'}},
        {"local_jwks": {"inline_string": f'{{"keys":[{{"kty":"oct","k":"{R}","kid":"1"}}]}}'}},
    ),
    (
        "secrets of OAuth that are not served",
        {"credentials": {"client_id": "a", "hmac_secret": {"inline_string": "abc"}}},
        {"credentials": {"client_id": "a", "hmac_secret": {"inline_string": R}}},
    ),
    (
        "anything that is called so in a Struct of an extension nobody knows",
        {"@type": "…TypedStruct", "value": {"apiKey": "abc", "deep": [{"db_password": "abc"}]}},
        {"@type": "…TypedStruct", "value": {"apiKey": R, "deep": [{"db_password": R}]}},
    ),
    (
        "JSON in a text, as Wasm gets it",
        {"configuration": {"@type": "…StringValue", "value": '{"token":"abc","port":1}'}},
        {"configuration": {"@type": "…StringValue", "value": f'{{"token":"{R}","port":1}}'}},
    ),
    (
        "private key that stands with the certificate",
        {"certificate_chain": {"inline_bytes": in_base64(f"CERT\n{KEY}")}},
        {"certificate_chain": {"inline_bytes": BYTES}},
    ),
    (
        "text in base64 that holds a password",
        {"inline_bytes": in_base64("password: abc\n")},
        {"inline_bytes": in_base64(f"password: {R}\n")},
    ),
    (
        "the bootstrap on Envoy's command line",
        {"command_line_options": {"config_yaml": "admin: {}"}},
        {"command_line_options": {"config_yaml": R}},
    ),
    (
        "password that is a number",
        {"password": 1234, "max_tokens": 1234},
        {"password": R, "max_tokens": 1234},
    ),
    (
        "environment of a container, whole",
        {"env": [{"name": "A", "value": "abc"}, {"name": "B", "valueFrom": {"fieldRef": {}}}]},
        {"env": [{"name": "A", "value": R}, {"name": "B", "valueFrom": {"fieldRef": {}}}]},
    ),
    (
        "words of a container's command",
        {"args": ["--token", "abc", "--password=abc", "--port", "80", "--secret", "--x"]},
        {"args": ["--token", R, f"--password={R}", "--port", "80", "--secret", "--x"]},
    ),
    (
        "credentials in an address",
        {"uri": "https://joe:abc@example.org/"},
        {"uri": f"https://{R}@example.org/"},
    ),
]

DECIDING: list[tuple[str, Json, Json, str]] = [
    (
        "header matcher",
        {"headers": [{"name": "authorization", "string_match": {"exact": "Bearer abc"}}]},
        {"headers": [{"name": "authorization", "string_match": {"exact": f"Bearer {R}"}}]},
        "headers[0].string_match.exact",
    ),
    (
        "header matcher of 2021",
        {"headers": [{"name": "cookie", "safe_regex_match": {"regex": ".*user=jason.*"}}]},
        {"headers": [{"name": "cookie", "safe_regex_match": {"regex": R}}]},
        "headers[0].safe_regex_match.regex",
    ),
    (
        "query parameter matcher",
        {"query_parameters": [{"name": "api_key", "string_match": {"prefix": "abc"}}]},
        {"query_parameters": [{"name": "api_key", "string_match": {"prefix": R}}]},
        "query_parameters[0].string_match.prefix",
    ),
    (
        "cookie matcher",
        {"cookies": [{"name": "user", "string_match": {"exact": "jason"}}]},
        {"cookies": [{"name": "user", "string_match": {"exact": R}}]},
        "cookies[0].string_match.exact",
    ),
    (
        "input of a matcher, held against a value",
        {"input": {"typed_config": {"header_name": "x-token"}}, "value_match": {"exact": "abc"}},
        {"input": {"typed_config": {"header_name": "x-token"}}, "value_match": {"exact": R}},
        "value_match.exact",
    ),
    (
        "input of a matcher, looked up",
        {
            "input": {"typed_config": {"header_name": "x-token"}},
            "exact_match_map": {"map": {"abc": {"action": 1}, "": {"action": 2}}},
        },
        {
            "input": {"typed_config": {"header_name": "x-token"}},
            "exact_match_map": {"map": {f"{R} 1": {"action": 1}, "": {"action": 2}}},
        },
        f"exact_match_map.map.{R} 1",
    ),
    (
        "a token that any text is held against",
        {"headers": [{"name": "x", "string_match": {"exact": "Bearer 0123456789"}}]},
        {"headers": [{"name": "x", "string_match": {"exact": f"Bearer {R}"}}]},
        "headers[0].string_match.exact",
    ),
]

KEPT: list[Json] = [
    {"private_key": {"filename": "/etc/key.pem"}},
    {"private_key": {"inline_bytes": BYTES}, "password": {"inline_string": ""}},
    {"token_secret": {"name": "token", "sds_config": {"ads": {}}}},
    {"tls_certificate_sds_secret_configs": [{"name": "service-cert:a/b", "sds_config": {}}]},
    {"headers": [{"name": "authorization", "present_match": True}]},
    {"headers": [{"name": "authorization", "string_match": {"prefix": "Bearer "}}]},
    {"headers": [{"name": "x-user", "string_match": {"exact": "jason"}}]},
    {"header": {"key": "authorization", "value": "%REQ(x-forwarded-token)%"}},
    {"header": {"key": "x-added", "value": "abc"}},
    {"descriptors": [{"entries": [{"key": "api_key", "value": "gold"}]}]},
    {"token_bucket": {"max_tokens": 10, "tokens_per_fill": 10, "fill_interval": "60s"}},
    {"hash_policy": [{"cookie": {"name": "session", "ttl": "0s"}}]},
    {"cookie_names": {"bearer_token": "BearerToken", "oauth_hmac": "OauthHMAC"}},
    {"from_cookies": ["id-token"], "allow_credentials": {"value": True}},
    {"certificate_chain": {"inline_bytes": in_base64("-----BEGIN CERTIFICATE-----\nMIIE")}},
    {"route": {"cluster": "bookstore/token-service|80"}, "name": "password-reset"},
    {"input": {"typed_config": {"header_name": "x-user"}}, "value_match": {"exact": "abc"}},
    {"input": "odd", "exact_match_map": "odd", "name": 1, "key": 2, "client": 3, "kty": None},
    {"input": {"typed_config": {"header_name": "x-token"}}, "exact_match_map": {"map": 1}},
    {"inline_bytes": "/w==", "large": 18446744073709551615, "small": 1e-7, "none": None},
]


@pytest.mark.parametrize(("value", "left"), [case[1:] for case in GONE], ids=[c[0] for c in GONE])
def test_secrets_go(value: Json, left: Json) -> None:
    assert redacted(value) == left


@pytest.mark.parametrize(
    ("value", "left", "path"), [case[1:] for case in DECIDING], ids=[c[0] for c in DECIDING]
)
def test_what_requests_are_held_against_is_told(value: Json, left: Json, path: str) -> None:
    found = Redacted()
    data = b"".join(redact_json(json.dumps(value).encode(), found))
    assert json.loads(data) == left
    assert found.deciding == [path]


@pytest.mark.parametrize("value", KEPT, ids=lambda value: next(iter(value)))
def test_what_only_looks_like_a_secret_stays(value: Json) -> None:
    found = Redacted()
    data = json.dumps(value).encode()
    assert b"".join(redact_json(data, found)) == data
    assert found.paths == []


@pytest.mark.parametrize("large", [0, 8, 40, 1 << 18])
def test_a_large_document_is_redacted_as_a_small_one(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redact, "LARGE", large)
    document: Json = {
        "configs": [{"a": [case[1]]} for case in (*GONE, *DECIDING)],
        "b": [],
        "c": {},
    }
    expected: Json = {
        "configs": [{"a": [case[2]]} for case in (*GONE, *DECIDING)],
        "b": [],
        "c": {},
    }
    found = Redacted()
    data = b"".join(redact_json(json.dumps(document, indent=1).encode(), found))
    assert json.loads(data) == expected
    assert "configs[0].a[0].tls_certificate.private_key.inline_string" in found.paths


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("bookstore*/pods/*/*/*.json")), ids=lambda path: path.parent.name
)
def test_the_dumps_of_the_bookstore_have_no_secrets(path: Path) -> None:
    """Envoy redacts its keys by itself: what OSM configures is captured as it is."""
    found = Redacted()
    data = b"".join(redact_json(path.read_bytes(), found))
    assert found.paths == []
    assert json.loads(data) == json.loads(path.read_bytes())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"a": 1} x', "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"a":' * 10 + b"[" * 300_000, "no JSON|nested too deeply"),
    ],
)
def test_what_is_no_json_is_an_error(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        b"".join(redact_json(data, Redacted(), where="x"))


def test_a_value_as_deep_as_can_be_read_is_redacted() -> None:
    depth = 300
    data = b'{"a":' * depth + b'{"password": "abc"}' + b"}" * depth
    assert b"abc" not in b"".join(redact_json(data, Redacted()))


NAMES = st.sampled_from(
    [
        *("password", "name", "key", "value", "headers", "input", "exact", "private_key", "a"),
        *("inline_bytes", "typed_config", "header_name", "string_match", "map", "cookies"),
        "exact_match_map",
    ]
)
TEXTS = st.sampled_from(["", "authorization", "x", "Bearer 0123456789", R, KEY, "%A%"]) | st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_redacting_twice_is_redacting_once(value: Json) -> None:
    once, _ = redact_tree(json.loads(json.dumps(value)))
    twice, found = redact_tree(json.loads(json.dumps(once)))
    assert twice == once
    assert found.paths == []


@given(VALUES)
def test_nothing_but_values_changes(value: Json) -> None:
    def shape(node: Json) -> object:
        if isinstance(node, dict):
            return sorted(
                (k if "[redacted]" not in k else "", str(shape(v))) for k, v in node.items()
            )
        return [shape(item) for item in node] if isinstance(node, list) else None

    once, found = redact_tree(json.loads(json.dumps(value)))
    if not any("match_map" in path for path in found.deciding):
        assert shape(once) == shape(value)
    assert msgspec.json.encode(once)
