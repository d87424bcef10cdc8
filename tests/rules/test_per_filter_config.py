"""Which configuration a filter uses, as Envoy 1.40.0 decides."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.http_filters.traffic import CsrfPolicy, HttpFault
from osmscope.rules.per_filter_config import resolve

OWN = HttpFault(upstream_cluster="own")
FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"
WRAPPER = "type.googleapis.com/envoy.config.route.v3.FilterConfig"


def level(config: dict[str, object] | None, name: str = "f") -> dict[str, msgspec.Raw]:
    return {} if config is None else {name: msgspec.Raw(msgspec.json.encode(config))}


def fault(cluster: str) -> dict[str, object]:
    return {"@type": FAULT, "upstream_cluster": cluster}


def wrapped(**fields: object) -> dict[str, object]:
    return {"@type": WRAPPER, **fields}


@pytest.mark.parametrize("disabled", [False, True])
@pytest.mark.parametrize(
    ("levels", "enabled", "cluster", "merged"),
    [
        ([fault("route"), fault("vhost")], True, "route", ["vhost", "route"]),
        ([None, fault("vhost"), fault("rc")], True, "vhost", ["rc", "vhost"]),
        ([wrapped(disabled=True), fault("vhost")], False, "vhost", ["vhost"]),
        ([fault("route"), wrapped(disabled=True)], True, "route", ["route"]),
        ([wrapped(config={}), fault("vhost")], True, "vhost", ["vhost"]),
        ([wrapped(config={}), None, fault("rc")], True, "rc", ["rc"]),
        ([wrapped(config={}), wrapped(disabled=True)], True, "own", []),
        ([wrapped(), fault("vhost")], True, "vhost", ["vhost"]),
        ([wrapped(config=fault("in")), fault("vhost")], True, "in", ["vhost", "in"]),
    ],
)
def test_the_most_specific_level_decides(
    disabled: bool,
    levels: list[dict[str, object] | None],
    enabled: bool,
    cluster: str,
    merged: list[str],
) -> None:
    http_filter = HttpFilter(name="f", disabled=disabled)
    resolved = resolve(http_filter, OWN, [level(config) for config in levels])
    assert resolved.enabled is enabled
    assert resolved.reason
    assert isinstance(resolved.config, HttpFault)
    assert resolved.config.upstream_cluster == cluster
    names = [config.upstream_cluster for config in resolved.levels if isinstance(config, HttpFault)]
    assert names == merged


@pytest.mark.parametrize("disabled", [False, True])
def test_without_a_level_the_filter_decides(disabled: bool) -> None:
    other = level(fault("other"), name="envoy.filters.http.fault")
    resolved = resolve(HttpFilter(name="f", disabled=disabled), OWN, [other, {}])
    assert resolved.enabled is not disabled
    assert resolved.config is OWN
    assert resolved.levels == ()
    assert bool(resolved.reason) is disabled


def test_a_configuration_of_another_type_is_taken_as_it_is() -> None:
    policy = {"@type": "type.googleapis.com/envoy.extensions.filters.http.csrf.v3.CsrfPolicy"}
    resolved = resolve(HttpFilter(name="f"), OWN, [level(policy)])
    assert isinstance(resolved.config, CsrfPolicy)
