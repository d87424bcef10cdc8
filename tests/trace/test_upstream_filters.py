"""The upstream filters, as a table of what endpoints of a real Envoy 1.40.0 received."""

import pytest

from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    ask,
    behind,
    brief,
    chain,
    cluster,
    explained,
    extension,
    fault,
    host,
    listener,
    lua,
    manager,
    only,
    route,
    section,
    sections,
    shares,
    table,
    tracer,
    typed,
)

OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
CODEC = extension("codec", f"{HTTP}.upstream_codec.v3.UpstreamCodec")


def adding(name, value, **fields):
    header = {"header": {"key": name, "value": value}}
    changes = {"request_mutations": [{"append": header}]}
    kind = f"{HTTP}.header_mutation.v3.HeaderMutation"
    return {**extension("mutation", kind, mutations=changes), **fields}


def filtering(*filters):
    options = typed(OPTIONS, http_filters=[*filters, CODEC])
    return cluster("a", typed_extension_protocol_options={OPTIONS: options})


def by_router(*filters, clusters=()):
    router = extension("router", f"{HTTP}.router.v3.Router", upstream_http_filters=list(filters))
    config = manager(EVERYTHING)
    config["typed_config"]["http_filters"] = [router]
    return tracer(sections([listener(chain(config))], clusters=clusters or [cluster("a")]))


def received(sidecar, **asked):
    headers = only(sidecar, **asked).upstream_request.headers
    return {name: values[0] for name, values in headers.items() if name.startswith("u-")}


@pytest.mark.parametrize(
    ("sidecar", "expected"),
    [
        (behind(EVERYTHING), {}),
        (behind(EVERYTHING, clusters=[filtering(adding("u-a", "1"))]), {"u-a": "1"}),
        (behind(EVERYTHING, clusters=[filtering(adding("u-a", "1", disabled=True))]), {}),
        (behind(EVERYTHING, clusters=[filtering(lua('handle:headers():add("u-l", "2")'))]),
         {"u-l": "2"}),
        (by_router(adding("u-r", "3"), CODEC), {"u-r": "3"}),
        (by_router(adding("u-r", "3")), {"u-r": "3"}),
        (by_router(adding("u-r", "3"), CODEC, clusters=[filtering(adding("u-a", "1"))]),
         {"u-a": "1"}),
        (behind(EVERYTHING, clusters=[filtering(CODEC, adding("u-late", "1"))]), {}),
        (behind(EVERYTHING, clusters=[filtering(
            adding("u-a", "%REQ(x-envoy-expected-rq-timeout-ms)%"))]), {"u-a": "15000"}),
    ],
)  # fmt: skip
def test_filters_of_the_cluster_else_of_the_router(sidecar, expected):
    answer = ask(sidecar)
    assert (received(sidecar), answer.exact) == (expected, True)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            typed(
                f"{HTTP}.header_mutation.v3.HeaderMutationPerRoute",
                mutations={
                    "request_mutations": [{"append": {"header": {"key": "u-b", "value": "2"}}}]
                },
            ),
            {"u-a": "1", "u-b": "2"},
        ),
        (typed("envoy.config.route.v3.FilterConfig", disabled=True), {}),
    ],
)
def test_the_route_configures_them_too(config, expected):
    routes = table(host("all", ["*"], route(typed_per_filter_config={"mutation": config})))
    sidecar = behind(routes, clusters=[filtering(adding("u-a", "1"))])
    assert received(sidecar) == expected


def test_one_may_answer_by_itself():
    sidecar = behind(EVERYTHING, clusters=[filtering(fault(418, 25))])
    assert shares(ask(sidecar)) == {"418 FI fault_filter_abort": 0.25, "forwarded a": 0.75}


@pytest.mark.parametrize(
    ("unknown", "assumed"),
    [
        (extension("later", "a.Later"), True),
        (extension("wasm", f"{HTTP}.wasm.v3.Wasm"), True),
        (adding("u-a", "%START_TIME%"), True),
    ],
)
def test_what_a_dump_cannot_tell_of_them_is_named(unknown, assumed):
    answer = ask(behind(EVERYTHING, clusters=[filtering(unknown)]))
    assert (answer.exact, bool(answer.assumptions)) == (not assumed, assumed)


def test_a_configuration_that_was_not_delivered_refuses():
    late = {"name": "late", "config_discovery": {"type_urls": []}}
    built = sections([listener(chain(manager(EVERYTHING)))], clusters=[filtering(late)])
    built["Ecds"] = section("Ecds")
    assert brief(only(tracer(built))) == "500 NFCF"


def test_unknown_fields_of_them_are_gaps():
    (gap,) = ask(behind(EVERYTHING, clusters=[filtering(adding("u-a", "1"))])).assumptions or (
        None,
    )
    assert gap is None
    strange = adding("u-a", "1")
    strange["typed_config"]["tomorrow"] = 1
    for sidecar in (behind(EVERYTHING, clusters=[filtering(strange)]), by_router(strange)):
        assert any("tomorrow" in text for text in ask(sidecar).assumptions)


def test_they_are_told_after_the_endpoint():
    sidecar = behind(
        EVERYTHING, clusters=[filtering(adding("u-a", "1"), adding("u-b", "1", disabled=True))]
    )
    kinds = [step.kind for step in explained(sidecar).steps]
    assert kinds[-4:] == ["endpoint", "upstream_tls", "upstream_filter", "upstream_filter"]


def test_a_connect_that_ends_here_sends_no_request():
    upgrade = {"upgrade_type": "CONNECT", "connect_config": {}}
    action = {"upgrade_configs": [upgrade]}
    match = {"match": {"connect_matcher": {}}}
    routes = table(host("all", ["*"], {**match, "route": {"cluster": "a", **action}}))
    sidecar = behind(routes, clusters=[filtering(adding("u-a", "1"))])
    asked = {"method": "CONNECT", "path": None, "host": "b.com:443"}
    outcome = only(sidecar, **asked)
    assert (brief(outcome), outcome.upstream_request) == ("forwarded a", None)
    last = explained(sidecar, **asked).steps[-1]
    assert last.reason == "the endpoint receives what comes inside the CONNECT, and no request"
