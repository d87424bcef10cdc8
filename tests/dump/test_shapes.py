import pytest

from osmscope.dump.entries import FORMS
from osmscope.dump.shapes import (
    ENTRIES,
    RESOURCES,
    STATIC_FIELDS,
    resource_of_fields,
    section_of_fields,
    short_type,
)


def test_every_shape_leads_to_a_field_of_a_section() -> None:
    assert {*RESOURCES.values(), *ENTRIES.values(), *STATIC_FIELDS.values()} <= FORMS.keys()
    assert set(RESOURCES.values()) == STATIC_FIELDS.keys()


@pytest.mark.parametrize(
    ("type_url", "name"),
    [
        ("type.googleapis.com/envoy.config.cluster.v3.Cluster", "Cluster"),
        ("type.googleapis.com/envoy.api.v2.Cluster", "Cluster"),
        ("type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster", "DynamicCluster"),
        ("Cluster", "Cluster"),
    ],
)
def test_a_type_url_ends_with_the_name_of_the_message(type_url: str, name: str) -> None:
    assert short_type(type_url) == name


@pytest.mark.parametrize(
    ("keys", "section"),
    [
        ({"bootstrap", "last_updated"}, "BootstrapConfigDump"),
        ({"dynamic_active_secrets"}, "SecretsConfigDump"),
        ({"version_info", "static_clusters"}, "ClustersConfigDump"),
        ({"version_info"}, ""),
    ],
)
def test_fields_tell_a_section(keys: set[str], section: str) -> None:
    assert section_of_fields(keys) == section


@pytest.mark.parametrize(
    ("keys", "resource"),
    [
        ({"name", "virtual_hosts"}, "RouteConfiguration"),
        ({"name", "address", "filter_chains"}, "Listener"),
        ({"name", "type", "connect_timeout"}, "Cluster"),
        ({"name", "load_assignment"}, "Cluster"),
        ({"cluster_name", "endpoints"}, "ClusterLoadAssignment"),
        ({"name", "tls_certificate"}, "Secret"),
        ({"name", "route_configuration_name", "key"}, "ScopedRouteConfiguration"),
        ({"name"}, ""),
    ],
)
def test_fields_tell_a_resource(keys: set[str], resource: str) -> None:
    assert resource_of_fields(keys) == resource
