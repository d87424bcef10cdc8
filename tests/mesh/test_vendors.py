"""Which container of a pod runs Envoy, whose it is, and where its admin port is."""

import pytest

from osmscope.mesh.sidecar import option_value, port_number
from osmscope.mesh.vendors import find_sidecar
from osmscope.source.pod_spec import Container, ContainerPort, EnvironmentVariable, PodSpec

APPLICATION = Container(name="application", image="example.org/web:1")


def made_of(*containers: Container, **fields: object) -> PodSpec:
    return PodSpec(containers=(APPLICATION, *containers), **fields)  # type: ignore[arg-type]


def envoy(**fields: object) -> Container:
    return Container(name="envoy", image="registry/sidecar:1", **fields)  # type: ignore[arg-type]


ISTIO = Container(name="istio-proxy", image="docker.io/istio/proxyv2:1.24")
DATAPLANE = Container(name="consul-dataplane", image="hashicorp/consul-dataplane:1.6")
KUMA = Container(name="kuma-sidecar", image="kuma-dp:2.9")


@pytest.mark.parametrize(
    ("pod", "vendor", "container", "port"),
    [
        (made_of(envoy(), labels={"osm-proxy-uuid": "u"}), "Open Service Mesh", "envoy", 15000),
        (
            made_of(envoy(), init_containers=(Container(name="osm-init"),)),
            "Open Service Mesh", "envoy", 15000,
        ),
        (made_of(ISTIO), "Istio", "istio-proxy", 15000),
        (
            made_of(init_containers=(Container(name="istio-proxy", restart_policy="Always"),)),
            "Istio", "istio-proxy", 15000,
        ),
        (
            made_of(ISTIO, annotations={"proxy.istio.io/config": "proxyAdminPort: 15999\n"}),
            "Istio", "istio-proxy", 15999,
        ),
        (
            made_of(ISTIO, annotations={"proxy.istio.io/config": '{"proxyAdminPort":"15998"}'}),
            "Istio", "istio-proxy", 15998,
        ),
        (made_of(DATAPLANE), "Consul", "consul-dataplane", 19000),
        (
            made_of(Container(name="consul-dataplane", args=("-envoy-admin-bind-port=19001",))),
            "Consul", "consul-dataplane", 19001,
        ),
        (made_of(Container(name="consul-dataplane-web")), "Consul", "consul-dataplane-web", 19000),
        (made_of(Container(name="envoy-sidecar")), "Consul", "envoy-sidecar", 19000),
        (
            made_of(Container(name="gateway", image="hashicorp/consul-dataplane:1.6")),
            "Consul", "gateway", 19000,
        ),
        (made_of(KUMA), "Kuma", "kuma-sidecar", 9901),
        (made_of(KUMA, annotations={"kuma.io/envoy-admin-port": "9902"}), "Kuma", "kuma-sidecar",
         9902),
        (
            made_of(
                Container(
                    name="kuma-gateway",
                    env=(EnvironmentVariable(name="KUMA_DATAPLANE_ADMIN_PORT", value="9903"),),
                )
            ),
            "Kuma", "kuma-gateway", 9903,
        ),
        (
            made_of(envoy(), labels={"gateway.envoyproxy.io/owning-gateway-name": "g"}),
            "Envoy Gateway", "envoy", 19000,
        ),
        (
            made_of(envoy(), labels={"gateway.envoyproxy.io/owning-gatewayclass": "c"}),
            "Envoy Gateway", "envoy", 19000,
        ),
        (made_of(envoy()), "Envoy", "envoy", 9901),
        (
            made_of(Container(name="proxy", image="docker.io/envoyproxy/envoy:v1.34.0")),
            "Envoy", "proxy", 9901,
        ),
        (
            made_of(Container(name="proxy", image="envoyproxy/envoy-distroless@sha256:00")),
            "Envoy", "proxy", 9901,
        ),
        (
            made_of(Container(name="proxy", command=("/usr/local/bin/envoy", "-c", "x"))),
            "Envoy", "proxy", 9901,
        ),
        (
            made_of(envoy(ports=(ContainerPort(container_port=8001, name="admin"),))),
            "Envoy", "envoy", 8001,
        ),
    ],
)  # fmt: skip
def test_a_sidecar_is_recognised(pod: PodSpec, vendor: str, container: str, port: int) -> None:
    found = find_sidecar(pod)
    assert found is not None
    assert (found.vendor, found.container, found.admin_port) == (vendor, container, port)
    assert found.why


@pytest.mark.parametrize(
    "pod",
    [
        made_of(),
        made_of(labels={"osm-proxy-uuid": "u"}),
        made_of(init_containers=(Container(name="istio-proxy"),)),
        made_of(Container(name="web", image="example.org/envoy-like-app:1")),
        made_of(Container(name="web", image="example.org/envoyage:1")),
    ],
)
def test_a_pod_without_one(pod: PodSpec) -> None:
    assert find_sidecar(pod) is None


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("-port=1",), "1"),
        (("--port=1",), "1"),
        (("--port", "1"), "1"),
        (("--port",), ""),
        (("--portal", "1"), ""),
        (("--port=",), ""),
    ],
)
def test_an_option_is_read_however_it_is_written(words: tuple[str, ...], value: str) -> None:
    assert option_value(Container(args=words), "port") == value


@pytest.mark.parametrize(
    ("text", "port"),
    [("80", 80), (' "80" ', 80), ("0", None), ("65536", None), ("x", None), ("", None),
     ("٣", None), ("123456", None)],
)  # fmt: skip
def test_a_port_is_a_number(text: str, port: int | None) -> None:
    assert port_number(text) == port
