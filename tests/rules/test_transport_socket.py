"""How an endpoint is connected to, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import Unsupported
from osmscope.resources.transport_socket import RawBuffer, UpstreamTlsContext
from osmscope.rules.facts import Headers
from osmscope.rules.hosts import Host
from osmscope.rules.transport_socket import (
    UpstreamTls,
    speaks_tls,
    transport_socket_of,
    upstream_tls,
)

SOCKETS = "type.googleapis.com/envoy.extensions.transport_sockets"
HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(**fields: object) -> Cluster:
    return msgspec.json.decode(msgspec.json.encode(fields), type=Cluster)


def socket(kind: str = "tls.v3.UpstreamTlsContext", **fields: object) -> dict[str, object]:
    return {"name": "x", "typed_config": {"@type": f"{SOCKETS}.{kind}", **fields}}


def host(
    metadata: dict[str, object] | None = None, locality: dict[str, object] | None = None
) -> Host:
    key = "envoy.transport_socket_match"
    return Host(
        address="10.0.0.1:80",
        hostname="endpoint.example",
        metadata={key: metadata} if metadata is not None else {},
        locality_metadata={key: locality} if locality is not None else {},
    )


MATCHES = [
    {"name": "mtls", "match": {"tlsMode": "istio"}, "transport_socket": socket()},
    {
        "name": "number",
        "match": {"n": 1, "b": True},
        "transport_socket": socket("raw_buffer.v3.RawBuffer"),
    },
]
ANY = {"name": "any", "match": {}, "transport_socket": socket("raw_buffer.v3.RawBuffer")}


@pytest.mark.parametrize(
    ("metadata", "locality", "name"),
    [
        ({"tlsMode": "istio"}, None, "mtls"),
        ({"tlsMode": "istio", "more": 1}, None, "mtls"),
        ({"tlsMode": "off"}, None, ""),
        ({"n": 1, "b": True}, None, "number"),
        ({"n": "1", "b": True}, None, ""),
        ({"n": 1}, None, ""),
        (None, None, ""),
        (None, {"tlsMode": "istio"}, "mtls"),
        ({"n": 1, "b": True}, {"tlsMode": "istio"}, "number"),
    ],
)
def test_metadata_chooses(
    metadata: dict[str, object] | None, locality: dict[str, object] | None, name: str
) -> None:
    choice = transport_socket_of(
        cluster(transport_socket_matches=MATCHES), host(metadata, locality)
    )
    assert choice.name == name


@pytest.mark.parametrize(
    ("metadata", "name", "reason"),
    [
        ({"tlsMode": "istio"}, "mtls", "transport_socket_matches 'mtls': the metadata fits"),
        (None, "any", "transport_socket_matches 'any': it fits every endpoint"),
    ],
)
def test_an_empty_match_fits_every_endpoint(
    metadata: dict[str, object] | None, name: str, reason: str
) -> None:
    matches = cluster(transport_socket_matches=[*MATCHES, ANY])
    choice = transport_socket_of(matches, host(metadata))
    assert (choice.name, choice.reason) == (name, reason)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, RawBuffer),
        ({"transport_socket": socket()}, UpstreamTlsContext),
        ({"transport_socket": socket("raw_buffer.v3.RawBuffer")}, RawBuffer),
        ({"transport_socket": socket("alts.v3.Alts")}, Unsupported),
        ({"tls_context": {"sni": "a"}}, UpstreamTlsContext),
        (
            {
                "transport_socket": socket(
                    "internal_upstream.v3.InternalUpstreamTransport", transport_socket=socket()
                )
            },
            UpstreamTlsContext,
        ),
    ],
)
def test_the_clusters_own_transport_socket(fields: dict[str, object], kind: type) -> None:
    assert isinstance(transport_socket_of(cluster(**fields), host()).configuration, kind)


MATCHED = "envoy.transport_socket_match"
MATCHER_TYPES = "type.googleapis.com/envoy.extensions.matching.common_inputs.transport_socket.v3"


def by_label(**names: str) -> dict[str, object]:
    """A matcher that looks the label of an endpoint up."""
    kind, path = f"{MATCHER_TYPES}.EndpointMetadataInput", [{"key": "label"}]
    config = {"@type": kind, "filter": MATCHED, "path": path}
    actions = {
        label: {"action": {"name": "a", "typed_config": {
            "@type": f"{MATCHER_TYPES}.TransportSocketNameAction", "name": name}}}
        for label, name in names.items()
    }  # fmt: skip
    found = {"input": {"name": "i", "typed_config": config}, "exact_match_map": {"map": actions}}
    return {"matcher_tree": found}


@pytest.mark.parametrize(
    ("label", "chosen"), [("x", "mtls"), ("y", "number"), ("z", ""), ("other", "")]
)
@pytest.mark.parametrize("default", [True, False])
def test_a_matcher_names_the_socket(label: str, chosen: str, default: bool) -> None:
    fields = {"transport_socket": socket()} if default else {}
    matcher = by_label(x="mtls", y="number", z="gone")
    one = cluster(
        transport_socket_matcher=matcher, transport_socket_matches=[*MATCHES, ANY], **fields
    )
    choice = transport_socket_of(one, host({"label": label, "tlsMode": "istio"}))
    assert choice.name == chosen
    is_tls = isinstance(choice.configuration, UpstreamTlsContext)
    assert is_tls is (chosen == "mtls" or (chosen == "" and default))


STRANGER = Host(address="10.0.0.9:80", is_assigned=False)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ""),
        ({"transport_socket_matches": [ANY, *MATCHES]}, ""),
        ({"transport_socket_matches": MATCHES}, "the metadata of endpoint 10.0.0.9:80"),
        (
            {"transport_socket_matcher": by_label(x="mtls")},
            f'the endpoint metadata "label" of "{MATCHED}"',
        ),
        ({"transport_socket_matcher": {}}, ""),
    ],
)
def test_what_is_not_known_of_an_endpoint(fields: dict[str, object], missing: str) -> None:
    assert transport_socket_of(cluster(**fields), STRANGER).missing == missing


def tls(context: dict[str, object], protocol: str = "", **fields: object) -> UpstreamTls:
    authority = fields.pop("authority", None)
    headers = (
        None
        if authority is None
        else Headers.of([(":authority", str(authority)), ("x-n", "n.com")])
    )
    known = cluster(**fields)
    found = upstream_tls(
        known,
        host(),
        msgspec.json.decode(msgspec.json.encode(context), type=UpstreamTlsContext),
        headers,
        protocol,
    )
    assert found is not None
    return found


def options(**fields: object) -> dict[str, object]:
    typed = {"@type": f"type.googleapis.com/{HTTP}", "upstream_http_protocol_options": fields}
    return {"typed_extension_protocol_options": {HTTP: typed}}


AUTO = options(auto_sni=True)


@pytest.mark.parametrize(
    ("context", "fields", "sni"),
    [
        ({}, {}, ""),
        ({"sni": "a.com"}, {}, "a.com"),
        ({"sni": "a.com", "auto_host_sni": True}, {}, "endpoint.example"),
        ({"sni": "a.com"}, {**AUTO, "authority": "b.com:80"}, "b.com"),
        ({"sni": "a.com"}, {**AUTO, "authority": "10.0.0.1:80"}, "a.com"),
        ({"sni": "a.com"}, {**AUTO, "authority": "[::1]"}, "a.com"),
        ({"sni": "a.com"}, {**AUTO, "authority": "[::1]:80"}, "a.com"),
        ({"sni": "a.com"}, {**AUTO, "authority": "b.com:80:80"}, "b.com:80"),
        ({"sni": "a.com"}, {**AUTO, "authority": "b.com:"}, "b.com:"),
        ({"sni": "a.com"}, {**AUTO, "authority": "b.com:65536"}, "b.com:65536"),
        ({"sni": "a.com"}, AUTO, "a.com"),
        ({"sni": "a.com"}, {"authority": "b.com"}, "a.com"),
        (
            {},
            {**options(auto_sni=True, override_auto_sni_header="x-n"), "authority": "b.com"},
            "n.com",
        ),
        (
            {},
            {**options(auto_sni=True, override_auto_sni_header="x-m"), "authority": "b.com"},
            "b.com",
        ),
        (
            {},
            {"upstream_http_protocol_options": {"auto_sni": True}, "authority": "b.com"},
            "b.com",
        ),
    ],
)
def test_sni(context: dict[str, object], fields: dict[str, object], sni: str) -> None:
    found = tls(context, **fields)
    assert found.sni == sni
    assert found.sni_reason


def test_http_options_without_those_of_upstream() -> None:
    typed = {HTTP: {"@type": f"type.googleapis.com/{HTTP}"}}
    assert tls({}, typed_extension_protocol_options=typed, authority="b.com").sni == ""


def test_plaintext_has_no_tls() -> None:
    assert upstream_tls(cluster(), host(), RawBuffer()) is None


@pytest.mark.parametrize(
    ("configured", "protocol", "offered"),
    [
        ((), "", ()),
        ((), "HTTP/1.1", ("http/1.1",)),
        ((), "HTTP/2", ("h2",)),
        ((), "HTTP/2 or HTTP/1.1", ("h2", "http/1.1")),
        ((), "HTTP/3", ()),
        (("osm",), "", ("osm",)),
        (("osm",), "HTTP/1.1", ("osm",)),
    ],
)
def test_alpn(configured: tuple[str, ...], protocol: str, offered: tuple[str, ...]) -> None:
    context = {"common_tls_context": {"alpn_protocols": configured}}
    assert tls(context, protocol).alpn == offered


def test_secrets_and_alpn() -> None:
    found = tls({
        "common_tls_context": {
            "alpn_protocols": ["h2"],
            "tls_certificate_sds_secret_configs": [{"name": "client"}],
            "tls_certificates": [{}],
            "validation_context_sds_secret_config": {"name": "ca"},
        }
    })  # fmt: skip
    assert found.alpn == ("h2",)
    assert found.certificate_secrets == ("client",)
    assert found.inline_certificates == 1
    assert (found.validation_secret, found.verifies) == ("ca", True)


@pytest.mark.parametrize(
    ("common", "secret", "verifies", "matchers"),
    [
        ({}, "", False, ()),
        ({"validation_context": {}}, "", False, ()),
        ({"validation_context": {"verify_certificate_hash": ["aa"]}}, "", True, ()),
        (
            {
                "validation_context": {
                    "trusted_ca": {"filename": "/ca"},
                    "match_subject_alt_names": [{"exact": "a"}],
                }
            },
            "",
            True,
            ('a name has to equal "a"',),
        ),
        (
            {
                "combined_validation_context": {
                    "default_validation_context": {
                        "match_typed_subject_alt_names": [
                            {"san_type": "URI", "matcher": {"prefix": "spiffe://"}}
                        ]
                    },
                    "validation_context_sds_secret_config": {"name": "root"},
                }
            },
            "root",
            True,
            ('a URI name has to start with "spiffe://"',),
        ),
    ],
)
def test_validation(
    common: dict[str, object], secret: str, verifies: bool, matchers: tuple[str, ...]
) -> None:
    found = tls({"common_tls_context": common})
    assert (found.validation_secret, found.verifies) == (secret, verifies)
    assert found.san_matchers == matchers


@pytest.mark.parametrize(
    ("context", "fields", "expected"),
    [
        ({}, {**options(auto_san_validation=True), "authority": "b.com:1"}, "b.com"),
        ({"sni": "a.com", "auto_sni_san_validation": True}, {}, "a.com"),
        ({"sni": "a.com"}, {"authority": "b.com"}, ""),
    ],
)
def test_a_name_from_the_request_is_expected(
    context: dict[str, object], fields: dict[str, object], expected: str
) -> None:
    assert tls(context, **fields).expected_san == expected


@pytest.mark.parametrize(
    ("fields", "tls"),
    [
        ({"transport_socket": socket()}, True),
        ({"transport_socket": socket("raw_buffer.v3.RawBuffer")}, False),
        ({"tls_context": {}}, True),
        ({}, False),
    ],
)
def test_a_cluster_speaks_tls(fields: dict[str, object], tls: bool) -> None:
    assert speaks_tls(cluster(**fields)) is tls


NOWHERE = Host(address="10.0.0.1:80", locality_metadata=None)


@pytest.mark.parametrize(
    ("fields", "assumed"),
    [
        ({}, False),
        ({"transport_socket_matches": MATCHES}, True),
        ({"transport_socket_matches": MATCHES, "transport_socket": socket()}, True),
        ({"transport_socket_matches": [*MATCHES, ANY]}, False),
    ],
)
def test_metadata_of_localities_may_not_be_known(fields: dict[str, object], assumed: bool) -> None:
    condition = transport_socket_of(cluster(**fields), NOWHERE).condition
    assert condition.startswith("no metadata of the locality fits") is assumed
