"""What each mesh says in a pod of what it leads to the sidecar."""

import json
from pathlib import Path

import pytest

from osmscope.mesh.interception import redirection, redirection_of_mesh
from osmscope.rules.interception import inbound, outbound
from osmscope.rules.result import Outcome
from osmscope.source.kubernetes_lists import read_pods
from osmscope.source.pod_spec import Container, PodSpec, SecurityContext

FIXTURES = Path(__file__).parents[2] / "fixtures"
OWN = ("10.244.0.5",)
HIT, MISS, UNKNOWN = Outcome.MATCH, Outcome.NO_MATCH, Outcome.UNKNOWN
OSM, ISTIO = "openservicemesh.io/", "traffic.sidecar.istio.io/"
CONSUL, KUMA = "consul.hashicorp.com/transparent-proxy", "traffic.kuma.io/"


def osm(**fields: object) -> PodSpec:
    return made_of("envoy", labels={"osm-proxy-uuid": "u"}, **fields)


def istio(*arguments: str, **fields: object) -> PodSpec:
    init = (Container(name="istio-init", args=arguments),) if arguments else ()
    return made_of("istio-proxy", init_containers=init, **fields)


def consul(**annotations: str) -> PodSpec:
    return made_of("consul-dataplane", annotations=annotations)


def kuma(**annotations: str) -> PodSpec:
    return made_of("kuma-sidecar", annotations=annotations)


def made_of(sidecar: str, **fields: object) -> PodSpec:
    containers = (Container(name="application"), Container(name=sidecar))
    return PodSpec(containers=containers, **fields)  # type: ignore[arg-type]


def mesh_config(**traffic: object) -> bytes:
    return json.dumps({"kind": "MeshConfig", "spec": {"traffic": traffic}}).encode()


def annotated(prefix: str, **annotations: str) -> dict[str, str]:
    return {prefix + name.replace("_", "-"): value for name, value in annotations.items()}


def verdict(pod: PodSpec, ip: str, port: int, config: bytes | None = None) -> Outcome:
    found = redirection(pod, OWN, config)
    assert found is not None
    return outbound(found, ip, port).outcome


@pytest.mark.parametrize("release", ["bookstore", "bookstore-0.9"])
def test_the_rules_in_a_pod_of_osm_decide(release: str) -> None:
    for pod in read_pods((FIXTURES / release / "pods.json").read_bytes()):
        assert verdict(pod.spec, "10.96.0.1", 80) is HIT
        assert verdict(pod.spec, "127.0.0.1", 80) is MISS
        found = redirection(pod.spec, pod.addresses)
        assert found is not None
        assert inbound(found, 14001).outcome is HIT
        assert inbound(found, 15010).outcome is MISS


@pytest.mark.parametrize(
    ("pod", "config", "port", "expected"),
    [
        (osm(), None, 80, UNKNOWN),
        (osm(), b"{", 80, UNKNOWN),
        (osm(), b'{"items": []}', 80, UNKNOWN),
        (osm(), mesh_config(), 80, HIT),
        (osm(), b'{"items": [{"spec": {}}]}', 80, HIT),
        (osm(), mesh_config(outboundPortExclusionList=[80]), 80, MISS),
        (osm(), mesh_config(outboundIPRangeExclusionList=["10.96.0.0/16"]), 80, MISS),
        (osm(), mesh_config(outboundIPRangeInclusionList=["10.97.0.0/16"]), 80, MISS),
        (osm(), mesh_config(outboundIPRangeInclusionList=["10.96.0.0/16"]), 80, HIT),
        (osm(annotations=annotated(OSM, outbound_port_exclusion_list="1, 80")), None, 80, MISS),
        (
            osm(annotations=annotated(OSM, outbound_ip_range_exclusion_list="10.96.0.0/16")),
            None, 80, MISS,
        ),
        (osm(host_network=True), mesh_config(), 80, MISS),
        (osm(run_as_user=1500), mesh_config(), 80, MISS),
        (istio("-i", "*", "-x", "", "-b", "*", "-d", "15090"), None, 80, HIT),
        (istio("-i", "*", "-x", "10.96.0.0/16"), None, 80, MISS),
        (istio("-i", "10.97.0.0/16"), None, 80, MISS),
        (istio("-i", "10.97.0.0/16", "-q", "80"), None, 80, HIT),
        (istio("-i", "*", "-o", "80"), None, 80, MISS),
        (istio(), None, 80, UNKNOWN),
        (istio(annotations={ISTIO + "excludeOutboundPorts": "80"}), None, 80, MISS),
        (istio(annotations={ISTIO + "excludeOutboundIPRanges": "10.0.0.0/8"}), None, 80, MISS),
        (istio("-i", "*", host_network=True), None, 80, MISS),
        (istio("-i", "*", run_as_user=1337), None, 80, MISS),
        (consul(), None, 80, UNKNOWN),
        (consul(**{CONSUL: "true"}), None, 80, HIT),
        (consul(**{CONSUL: "false"}), None, 80, MISS),
        (consul(**{CONSUL + "-exclude-outbound-ports": "80"}), None, 80, MISS),
        (consul(**{CONSUL + "-exclude-outbound-cidrs": "10.0.0.0/8"}), None, 80, MISS),
        (
            consul(**{"consul.hashicorp.com/redirect-traffic-config":
                      '{"ProxyUserID": "5995", "ExcludeOutboundPorts": ["80"]}'}),
            None, 80, MISS,
        ),
        (
            consul(**{"consul.hashicorp.com/redirect-traffic-config":
                      '{"ExcludeOutboundCIDRs": ["10.0.0.0/8"]}'}),
            None, 80, MISS,
        ),
        (consul(**{"consul.hashicorp.com/redirect-traffic-config": "{}"}), None, 80, HIT),
        (consul(**{"consul.hashicorp.com/redirect-traffic-config": "{"}), None, 80, UNKNOWN),
        (kuma(), None, 80, UNKNOWN),
        (kuma(**{"kuma.io/transparent-proxying": "disabled"}), None, 80, MISS),
        (kuma(**{KUMA + "exclude-outbound-ports": "80"}), None, 80, MISS),
        (kuma(**{KUMA + "exclude-outbound-ips": "10.96.0.0/16"}), None, 80, MISS),
    ],
)  # fmt: skip
def test_the_lists_of_a_mesh(
    pod: PodSpec, config: bytes | None, port: int, expected: Outcome
) -> None:
    assert verdict(pod, "10.96.0.1", port, config) is expected


@pytest.mark.parametrize(
    "pod",
    [
        PodSpec(),
        made_of("envoy"),
        made_of("kuma-gateway", annotations={"kuma.io/gateway": "enabled"}),
        PodSpec(containers=(Container(name="istio-proxy", args=("proxy", "router")),)),
        made_of("envoy", labels={"gateway.envoyproxy.io/owning-gateway-name": "g"}),
    ],
)
def test_what_clients_come_to_by_themselves_is_not_asked(pod: PodSpec) -> None:
    assert redirection(pod, OWN) is None


@pytest.mark.parametrize("pod", [consul(**{CONSUL: "true"}), istio("-i", "*", "-b", "*")])
def test_an_inbound_connection_is_redirected(pod: PodSpec) -> None:
    found = redirection(pod, OWN)
    assert found is not None
    assert inbound(found, 80).outcome is HIT


def test_an_application_that_runs_as_envoys_user_may_be_the_one() -> None:
    own = Container(name="a", security_context=SecurityContext(run_as_user=1500))
    pod = PodSpec(
        containers=(own, Container(name="b"), Container(name="envoy")),
        labels={"osm-proxy-uuid": "u"},
    )
    assert verdict(pod, "10.96.0.1", 80, mesh_config()) is UNKNOWN


def test_a_mesh_config_that_changed_since_the_pod_was_made_is_told() -> None:
    (pod, *_) = read_pods((FIXTURES / "bookstore" / "pods.json").read_bytes())
    for config, is_told in (
        (None, False),
        (b'{"items": []}', False),
        (mesh_config(), False),
        (mesh_config(outboundPortExclusionList=[80]), True),
        (mesh_config(outboundPortExclusionList=[81]), False),
    ):
        found = redirection(pod.spec, OWN, config)
        assert found is not None
        answer = outbound(found, "10.96.0.1", 80)
        assert answer.outcome is HIT
        told = "for a pod that is made now, the MeshConfig leaves port 80 out"
        assert (told in answer.reason) == is_told


def test_of_a_pod_that_is_not_listed_only_the_mesh_config_is_known() -> None:
    assert redirection_of_mesh(None) is None
    assert redirection_of_mesh(b"{") is None
    assert redirection_of_mesh(mesh_config()) is None
    found = redirection_of_mesh(mesh_config(outboundPortExclusionList=[3306]))
    assert found is not None
    assert outbound(found, "10.96.0.1", 80).outcome is HIT
    answer = outbound(found, "10.96.0.1", 3306)
    assert answer.outcome is UNKNOWN
    assert answer.missing == "whether the pod was made since the MeshConfig leaves port 3306 out"
