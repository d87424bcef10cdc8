import json

import msgspec
import pytest

from osmscope.source.kubernetes_lists import (
    PodFacts,
    Service,
    ServicePort,
    read_pods,
    read_service_table,
    read_services,
    read_slice_addresses,
)
from osmscope.source.pod_spec import PodSpec


def listed(*items: object) -> bytes:
    return json.dumps({"kind": "List", "items": items}).encode()


def test_a_pod_tells_its_names_and_addresses() -> None:
    pod = {
        "metadata": {
            "name": "a-5ccf77f46d-rc5mg",
            "namespace": "n",
            "labels": {"app": "x"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "a-5ccf77f46d"}],
        },
        "spec": {"serviceAccountName": "s"},
        "status": {"podIP": "1.1.1.1", "podIPs": [{"ip": "1.1.1.1"}, {"ip": "::1"}]},
    }
    assert read_pods(listed(pod, {"metadata": {"name": "bare"}})) == [
        PodFacts(
            namespace="n",
            name="a-5ccf77f46d-rc5mg",
            addresses=("1.1.1.1", "::1"),
            workload="a",
            workload_kind="Deployment",
            replica_set="a-5ccf77f46d",
            app="x",
            service_account="s",
            spec=PodSpec(labels={"app": "x"}),
        ),
        PodFacts(namespace="default", name="bare", workload="bare", workload_kind="Pod"),
    ]


@pytest.mark.parametrize(
    ("spec", "address", "addresses"),
    [
        ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd::1"]}, "10.0.0.1", 2),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, "", 0),
        ({"type": "ExternalName"}, "", 0),
    ],
)
def test_a_service_tells_its_addresses(
    spec: dict[str, object], address: str, addresses: int
) -> None:
    (service,) = read_services(listed({"metadata": {"name": "s", "namespace": "n"}, "spec": spec}))
    assert (service.cluster_ip, len(service.cluster_ips)) == (address, addresses)


def test_a_service_tells_its_ports() -> None:
    ports = [{"port": 80, "name": "http", "targetPort": "web", "appProtocol": "http"}]
    spec = {"clusterIP": "10.0.0.1", "ports": ports}
    (service,) = read_services(listed({"metadata": {"name": "s"}, "spec": spec}))
    assert service.ports == (
        ServicePort(port=80, name="http", target_port="web", app_protocol="http"),
    )


def test_the_table_of_kubectl_is_read() -> None:
    table = """\
Warning: something
NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)               AGE
a      ClusterIP   10.0.0.1     <none>        80/TCP,53:30053/UDP   3m
b      ClusterIP   None         <none>        <none>                3m
"""
    assert read_service_table(table, namespace="n") == [
        Service(
            namespace="n",
            name="a",
            cluster_ip="10.0.0.1",
            cluster_ips=("10.0.0.1",),
            ports=(ServicePort(port=80), ServicePort(port=53, protocol="UDP")),
        ),
        Service(namespace="n", name="b"),
    ]
    assert read_service_table("No resources found", namespace="n") == []


def test_endpoint_slices_tell_the_pod_of_an_address() -> None:
    endpoint_slice = {
        "metadata": {"name": "x", "namespace": "n"},
        "endpoints": [
            {"addresses": ["1.1.1.1"], "targetRef": {"kind": "Pod", "name": "p"}},
            {"addresses": ["1.1.1.2"]},
        ],
    }
    assert read_slice_addresses(listed(endpoint_slice, {"endpoints": None})) == {
        "1.1.1.1": ("n", "p")
    }


@pytest.mark.parametrize("data", [b"", b"[]", b'{"items": [{"metadata": 3}]}'])
def test_what_is_no_list_is_an_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_pods(data)
