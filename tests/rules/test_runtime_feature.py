"""Runtime features, as a table of what Envoy 1.40.0 reads in them."""

import pytest

from osmscope.rules.runtime_feature import is_on, unknown_features

PREFIX = "envoy.reloadable_features."


@pytest.mark.parametrize(
    ("value", "on"),
    [
        (True, True),
        (False, False),
        (0, False),
        ("0", False),
        (1, True),
        ("1", True),
        ("false", None),
        ("no", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("default", [True, False])
def test_what_switches_a_feature(value: object, on: bool | None, default: bool) -> None:
    runtime = {} if value is None else {f"{PREFIX}a_b": value}
    assert is_on(runtime, "a_b", default=default) is (default if on is None else on)


@pytest.mark.parametrize(
    ("key", "is_unknown"),
    [
        (f"{PREFIX}match_headers_individually", True),
        ("envoy.restart_features.upstream_http_filters_with_tcp_proxy", True),
        (f"{PREFIX}of_tomorrow", True),
        (f"{PREFIX}http_reject_path_with_fragment", False),
        (f"{PREFIX}no_extension_lookup_by_name", False),
        (f"{PREFIX}quic_reject_all", False),
        ("envoy.restart_features.use_apple_api_for_dns_lookups", False),
        ("envoy.deprecated_features.allow_deprecated_extension_names", False),
        ("upstream.healthy_panic_threshold", False),
    ],
)
def test_which_features_may_decide(key: str, is_unknown: bool) -> None:
    assert list(unknown_features({key: False})) == ([key] if is_unknown else [])
