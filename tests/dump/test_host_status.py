import json

import msgspec
import pytest

from osmscope.dump.gaps import Gap
from osmscope.dump.host_status import Address, ClusterStatus, cluster_of_json, printed_address


def read(status: object) -> tuple[ClusterStatus, list[Gap]]:
    gaps: list[Gap] = []
    return cluster_of_json(msgspec.Raw(json.dumps(status).encode()), gaps), gaps


def flags(status: dict[str, object]) -> frozenset[str]:
    cluster, gaps = read({"name": "c", "host_statuses": [{"health_status": status}]})
    assert gaps == []
    return cluster.hosts[0].flags


@pytest.mark.parametrize(
    ("status", "text_flags"),
    [
        ({}, set()),
        ({"eds_health_status": "HEALTHY"}, set()),
        ({"eds_health_status": "UNKNOWN"}, set()),
        ({"eds_health_status": "UNHEALTHY"}, {"failed_eds_health"}),
        ({"eds_health_status": "TIMEOUT"}, {"failed_eds_health"}),
        ({"eds_health_status": "DRAINING"}, {"eds_status_draining"}),
        ({"eds_health_status": "DEGRADED"}, {"degraded_eds_health"}),
        ({"failed_active_health_check": True}, {"failed_active_hc"}),
        ({"failed_active_health_check": False}, set()),
        ({"failed_outlier_check": True}, {"failed_outlier_check"}),
        ({"failed_active_degraded_check": True}, {"degraded_active_hc"}),
        ({"pending_dynamic_removal": True}, {"pending_dynamic_removal"}),
        ({"pending_active_hc": True}, {"pending_active_hc"}),
        ({"excluded_via_immediate_hc_fail": True}, {"excluded_via_immediate_hc_fail"}),
        ({"active_hc_timeout": True}, {"active_hc_timeout"}),
        ({"failed_degraded_outlier_detection": True}, {"degraded_outlier_detection"}),
        (
            {"failed_active_health_check": True, "eds_health_status": "HEALTHY"},
            {"failed_active_hc"},
        ),
    ],
)
def test_health_is_told_by_the_flags_of_the_text_form(
    status: dict[str, object], text_flags: set[str]
) -> None:
    assert flags(status) == text_flags


@pytest.mark.parametrize("status", [{"eds_health_status": "NEW"}, {"failed_new_check": True}])
def test_a_flag_that_is_not_known_is_a_gap(status: dict[str, object]) -> None:
    cluster, gaps = read({"name": "c", "host_statuses": [{"health_status": status}]})
    assert cluster.hosts[0].flags == frozenset()
    assert "not known" in gaps[0].what


@pytest.mark.parametrize(
    ("address", "printed"),
    [
        ({"socket_address": {"address": "10.0.0.1", "port_value": 80}}, "10.0.0.1:80"),
        ({"socket_address": {"address": "::1", "port_value": 80}}, "[::1]:80"),
        ({"pipe": {"path": "/a/b"}}, "/a/b"),
        (
            {"envoy_internal_address": {"server_listener_name": "l", "endpoint_id": "e"}},
            "envoy://l/e",
        ),
        ({}, ""),
    ],
)
def test_an_address_is_printed_as_envoy_does(address: object, printed: str) -> None:
    assert printed_address(msgspec.convert(address, type=Address)) == printed


def test_a_host_is_read_whole() -> None:
    cluster, gaps = read(
        {
            "name": "c",
            "added_via_api": True,
            "eds_service_name": "s",
            "circuit_breakers": {
                "thresholds": [{"max_connections": 1, "max_retries": 3}, {"priority": "HIGH"}]
            },
            "host_statuses": [
                {
                    "hostname": "h",
                    "weight": 2,
                    "priority": 1,
                    "locality": {"region": "r", "zone": "z"},
                    "stats": [{"name": "cx_total", "value": "5"}, {"name": "rq_total"}],
                    "success_rate": {"value": 99.5},
                }
            ],
        }
    )
    (host,) = cluster.hosts
    assert (cluster.added_via_api, cluster.eds_service_name) == (True, "s")
    assert cluster.circuit_breakers["default"]["max_retries"] == 3
    assert cluster.circuit_breakers["high"]["max_connections"] == 0
    assert (host.hostname, host.weight, host.priority, host.region) == ("h", 2, 1, "r")
    assert host.stats == {"cx_total": 5, "rq_total": 0}
    assert (host.success_rate, host.local_origin_success_rate) == (99.5, None)
    assert gaps == []


def test_hosts_that_cannot_be_read_are_a_gap() -> None:
    cluster, gaps = read({"name": "c", "host_statuses": 3})
    assert cluster == ClusterStatus(name="c")
    assert gaps[0].path == "c"
