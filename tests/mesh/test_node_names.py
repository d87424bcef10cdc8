"""The pod that a node is named after."""

import pytest

from osmscope.mesh.node_names import pod_of_node

UUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("node_id", "pod"),
    [
        ("sidecar~10.0.0.1~reviews-v1-5d.shop~shop.svc.cluster.local", ("shop", "reviews-v1-5d")),
        ("router~10.0.0.1~gw.a.istio-system~x.svc.cluster.local", ("istio-system", "gw.a")),
        (f"{UUID}.sidecar.bookbuyer.books.cluster.local", ("books", "bookbuyer-01234567")),
        ("live", None),
        ("", None),
        ("sidecar~~~", None),
    ],
)
def test_pod_of_node(node_id: str, pod: tuple[str, str] | None) -> None:
    assert pod_of_node(node_id) == pod
