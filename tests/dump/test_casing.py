import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.dump import casing, fields
from osmscope.errors import DumpError

FIELD_NAMES = st.sampled_from(
    ["name", "route_config", "typed_config", "version_info", "http2_protocol_options", "a_b_c"]
)
DATA = st.dictionaries(st.sampled_from(["fooBar", "foo_bar", "x.y", "ABC"]), st.integers())
MESSAGES = st.recursive(
    st.dictionaries(FIELD_NAMES, st.text(max_size=3)),
    lambda inner: st.one_of(
        st.dictionaries(FIELD_NAMES, st.one_of(inner, st.lists(inner, max_size=2))),
        st.fixed_dictionaries({"filter_metadata": st.dictionaries(st.text(max_size=3), DATA)}),
        st.fixed_dictionaries(
            {"typed_per_filter_config": st.dictionaries(st.just("envoy.filters.a_bC"), inner)}
        ),
    ),
    max_leaves=8,
)


def camel_case(value: object, opaque: bool = False, is_map: bool = False) -> object:
    """What Go's protojson would print of a message in Envoy's form."""
    if isinstance(value, list):
        return [camel_case(item) for item in value]
    if opaque or not isinstance(value, dict):
        return value
    if is_map:
        return {key: camel_case(item) for key, item in value.items()}
    return {
        re.sub("_([a-z])", lambda found: found[1].upper(), key): camel_case(
            item, key in fields.OPAQUE, key in fields.MAPS
        )
        for key, item in value.items()
    }


@given(MESSAGES)
def test_camel_case_is_turned_back_into_envoys_form(message: dict[str, object]) -> None:
    assert casing.canonical(camel_case(message)) == message


@given(MESSAGES)
def test_envoys_own_form_stays_as_it_is(message: dict[str, object]) -> None:
    assert casing.canonical(message) == message


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("versionInfo", "version_info"),
        ("version_info", "version_info"),
        ("http2ProtocolOptions", "http2_protocol_options"),
        ("googleRe2", "google_re2"),
        ("consecutive5xx", "consecutive_5xx"),
        ("acceptHttp10", "accept_http_10"),
        ("hiddenEnvoyDeprecatedRegex", "regex"),
        ("hidden_envoy_deprecated_regex", "regex"),
        ("@type", "@type"),
        ("URL", "URL"),
    ],
)
def test_names_of_fields_become_envoys(name: str, snake: str) -> None:
    assert casing.snake_case(name) == snake


@pytest.mark.parametrize(
    "message",
    [
        {"typed_per_filter_config": {"aB": {"@type": "t"}}},
        {"policies": {"myPolicy": {"permissions": [{"any": True}]}}},
        {"node": {"metadata": {"meshId": {"aB": 1}}}},
        {"transport_socket_matches": [{"name": "n", "match": {"tlsMode": "istio"}}]},
        {"exact_match_map": {"map": {"aB": {"action": {"name": "n"}}}}},
        {"filter_metadata": {"envoy.lb": {"aB": {"cD": 1}}}},
        {"typed_config": {"@type": "x/xds.type.v3.TypedStruct", "value": {"aB": 1}}},
        {"metadata_namespace": "n", "value": {"aB": 1}},
        {"layers": [{"name": "n", "static_layer": {"aB": 1}}]},
        {"filter_state_rules": {"name": "n", "requires": {"aB": {"provider_name": "p"}}}},
    ],
)
def test_what_is_somebodys_data_stays(message: dict[str, object]) -> None:
    assert casing.canonical(message) == message


@pytest.mark.parametrize(
    ("message", "converted"),
    [
        ({"perFilterConfig": {"aB": {"cD": 1}}}, {"per_filter_config": {"aB": {"c_d": 1}}}),
        ({"match": {"safeRegex": {}}}, {"match": {"safe_regex": {}}}),
        ({"policies": [{"typedConfig": {}}]}, {"policies": [{"typed_config": {}}]}),
        ({"requires": {"providerName": "p"}}, {"requires": {"provider_name": "p"}}),
        ({"timeout": {"seconds": 5}}, {"timeout": "5s"}),
        ({"timeout": {"seconds": "1", "nanos": 250_000_000}}, {"timeout": "1.250s"}),
        ({"timeout": {"nanos": 1}}, {"timeout": "0.000000001s"}),
        ({"timeout": {"seconds": -1, "nanos": -500_000}}, {"timeout": "-1.000500s"}),
        ({"timeout": {"seconds": "x"}}, {"timeout": {"seconds": "x"}}),
        ({"lastUpdated": {"seconds": 1_600_000_000}}, {"last_updated": "2020-09-13T12:26:40Z"}),
        (
            {"lastUpdated": {"seconds": 0, "nanos": 5_000_000}},
            {"last_updated": "1970-01-01T00:00:00.005Z"},
        ),
        ({"lastUpdated": {"seconds": 10**30}}, {"last_updated": {"seconds": 10**30}}),
        ({"lbPolicy": 5}, {"lb_policy": "MAGLEV"}),
        ({"lbPolicy": 99}, {"lb_policy": 99}),
        ({"cluster": {"type": 3}}, {"cluster": {"type": "EDS"}}),
        ({"type": 3}, {"type": 3}),
        ({"statuses": [0, 1]}, {"statuses": ["UNKNOWN", "HEALTHY"]}),
        ({"rules": {"action": 1}}, {"rules": {"action": "DENY"}}),
        ({"redirect": {"responseCode": 4}}, {"redirect": {"response_code": "PERMANENT_REDIRECT"}}),
        ({"priority": 1}, {"priority": 1}),
        ({"inverted": True, "lbPolicy": True}, {"inverted": True, "lb_policy": True}),
        ({"regex": "new", "hidden_envoy_deprecated_regex": "old"}, {"regex": "new"}),
    ],
)
def test_values_become_what_envoy_prints(
    message: dict[str, object], converted: dict[str, object]
) -> None:
    assert casing.canonical(message) == converted


@pytest.mark.parametrize(
    ("document", "foreign"),
    [
        (b'{"configs": [{"versionInfo": "1"}]}', True),
        (b'{"virtualHosts" : []}', True),
        (b'{"configs": [{"version_info": "versionInfo"}]}', False),
        (b"[" + b" " * 100_000 + b'{"typedConfig":{}},' * 10_000 + b"]", True),
        (b"[" + b'{"typed_config":{}},' * 10_000 + b"]", False),
    ],
)
def test_a_foreign_form_is_told_by_samples(document: bytes, foreign: bool) -> None:
    assert casing.is_foreign(document) is foreign


def test_deep_nesting_is_refused() -> None:
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    with pytest.raises(DumpError, match="nested too deeply"):
        casing.canonical_json(deep, where="f")


def test_a_converted_text_is_json_again() -> None:
    assert json.loads(casing.canonical_json(b'{"aB": [1.5, null, "x"]}', where="")) == {
        "a_b": [1.5, None, "x"]
    }
