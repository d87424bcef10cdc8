"""Limits of time, as a table of what ended requests to a silent endpoint in Envoy 1.40.0."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.route import Route, RouteAction, RouteConfiguration, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.time_limits import TimeLimit, time_limits
from osmscope.rules.upstream_request import Forwarding

HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
Json = dict[str, object]


def limits(
    action: Json | None = None,
    host: Json | None = None,
    manager: Json | None = None,
    cluster: Json | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, TimeLimit]:
    steering = Headers.of((headers or {}).items())
    forwarding = Forwarding(
        context=FormatContext(request=Request(connection=Connection(), headers=steering)),
        route=Route(route=msgspec.convert(action or {}, RouteAction)),
        virtual_host=msgspec.convert(host or {}, VirtualHost),
        route_configuration=RouteConfiguration(),
    )
    body = msgspec.json.encode({"name": "a", **(cluster or {})})
    found = time_limits(
        forwarding,
        msgspec.json.decode(body, type=Cluster),
        msgspec.convert(manager or {}, HttpConnectionManager),
    )
    return {limit.what: limit for limit in found}


def options(**fields: object) -> Json:
    body = {"@type": f"type.googleapis.com/{HTTP}", **fields}
    return {"typed_extension_protocol_options": {HTTP: body}}


def stream(duration: str) -> Json:
    return {"common_http_protocol_options": {"max_stream_duration": duration}}


def of_grpc(most: str, **fields: str) -> Json:
    return {"max_stream_duration": {"grpc_timeout_header_max": most, **fields}}


def test_the_defaults() -> None:
    found = {what: (limit.milliseconds, limit.source) for what, limit in limits().items()}
    assert found == {
        "request": (15_000, ""),
        "silent stream": (300_000, ""),
        "connecting": (5_000, ""),
    }


@pytest.mark.parametrize(
    ("given", "what", "milliseconds", "ends"),
    [
        ({"action": {"timeout": "0.3s"}}, "request", 300, "504 (UT) response_timeout"),
        ({"action": {"timeout": "0s"}}, "request", None, ""),
        ({"headers": {"x-envoy-upstream-rq-timeout-ms": "70"}}, "request", 70,
         "504 (UT) response_timeout"),
        ({"action": {"max_stream_duration": {}}}, "request", None, ""),
        ({"action": {"retry_policy": {"per_try_timeout": "0.2s"}}}, "try", 200,
         "504 (UT) upstream_per_try_timeout"),
        ({"host": {"retry_policy": {"per_try_timeout": "0.2s"}}}, "try", 200,
         "504 (UT) upstream_per_try_timeout"),
        ({"cluster": options(retry_policy={"per_try_timeout": "0.2s"})}, "try", None, ""),
        ({"headers": {"x-envoy-upstream-rq-per-try-timeout-ms": "9"}}, "try", 9,
         "504 (UT) upstream_per_try_timeout"),
        ({"action": {"retry_policy": {"per_try_idle_timeout": "0.2s"}}}, "silent try", 200,
         "504 (UT) upstream_per_try_idle_timeout"),
        ({"cluster": options(retry_policy={"per_try_idle_timeout": "0.2s"})}, "silent try", None,
         ""),
        ({"action": {"idle_timeout": "0.2s"}}, "silent stream", 200,
         "504 (SI) stream_idle_timeout"),
        ({"manager": {"stream_idle_timeout": "0.2s"}}, "silent stream", 200,
         "504 (SI) stream_idle_timeout"),
        ({"action": {"idle_timeout": "0s"}, "manager": {"stream_idle_timeout": "0.2s"}},
         "silent stream", None, ""),
        ({"action": {"max_stream_duration": {"max_stream_duration": "0.3s"}}}, "stream", 300,
         "504 max_duration_timeout"),
        ({"manager": stream("0.3s")}, "stream", 300, "504 max_duration_timeout"),
        ({"action": {"max_stream_duration": {}}, "manager": stream("0.3s")}, "stream", 300,
         "504 max_duration_timeout"),
        ({"action": {"max_stream_duration": {"max_stream_duration": "0s"}},
          "manager": stream("0.3s")}, "stream", None, ""),
        ({"action": of_grpc("0.4s"), "headers": {"grpc-timeout": "200m"}}, "stream", 200,
         "504 max_duration_timeout"),
        ({"action": of_grpc("0.1s"), "headers": {"grpc-timeout": "200m"}}, "stream", 100,
         "504 max_duration_timeout"),
        ({"action": of_grpc("0s"), "headers": {"grpc-timeout": "200m"}}, "stream", 200,
         "504 max_duration_timeout"),
        ({"action": of_grpc("0.6s", grpc_timeout_header_offset="0.3s"),
          "headers": {"grpc-timeout": "500m"}}, "stream", 200, "504 max_duration_timeout"),
        ({"action": of_grpc("0.6s", grpc_timeout_header_offset="0.6s"),
          "headers": {"grpc-timeout": "500m"}}, "stream", None, ""),
        ({"action": of_grpc("0.6s", grpc_timeout_header_offset="0.3s"),
          "headers": {"grpc-timeout": "500m", "content-type": "application/grpc"}}, "stream", 500,
         "504 max_duration_timeout"),
        ({"action": of_grpc("0.4s", max_stream_duration="0.2s")}, "stream", 200,
         "504 max_duration_timeout"),
        ({"cluster": options(**stream("0.3s"))}, "upstream stream", 300,
         "504 (UMSDR) upstream_max_stream_duration_reached"),
        ({"cluster": stream("0.3s")}, "upstream stream", 300,
         "504 (UMSDR) upstream_max_stream_duration_reached"),
        ({"cluster": options(common_http_protocol_options={})}, "upstream stream", None, ""),
        ({"cluster": options(**stream("0.3s")),
          "headers": {"x-envoy-upstream-stream-duration-ms": "200"}}, "upstream stream", 200,
         "504 (UMSDR) upstream_max_stream_duration_reached"),
        ({"cluster": {"connect_timeout": "2s"}}, "connecting", 2000,
         "503 (UF) connection timeout"),
    ],
)  # fmt: skip
def test_limits(given: dict[str, Json], what: str, milliseconds: int | None, ends: str) -> None:
    limit = limits(**given).get(what)
    assert (limit and limit.milliseconds) == milliseconds
    if limit is not None:
        assert limit.ends == ends
        assert limit.source
