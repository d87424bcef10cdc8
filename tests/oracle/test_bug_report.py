"""A report holds as little of the dump as still shows the difference, and nobody's names."""

from __future__ import annotations

import json

import pytest

from osmscope.oracle.bug_report import bug_report
from osmscope.oracle.comparison import Comparison, Decision
from osmscope.oracle.verification import verify_once
from osmscope.trace.request import CertificateFacts
from tests.trace import sidecars

NAMES = ("acme", "payments", "internalstore")
SECRETS = ("s3cr3t", "hunter2", "t0k3n", "x2jlp", "7f9c4c8d5")
PRINCIPAL = {"authenticated": {"principal_name": {"exact": "acme.payments.cluster.local"}}}


def proxy():
    """Two chains; the first wants a client that it names, and a header."""
    rbac = sidecars.extension(
        "rbac",
        f"{sidecars.NETWORK}.rbac.v3.RBAC",
        stat_prefix="s",
        rules={"policies": {"acme": {"permissions": [{"any": True}], "principals": [PRINCIPAL]}}},
    )
    asks = {"headers": [{"name": "x-team", "string_match": {"exact": "payments"}}]}
    table = sidecars.table(
        sidecars.host(
            "internalstore-7f9c4c8d5-x2jlp",
            ["*"],
            sidecars.route("acme", match=asks),
            sidecars.route("payments"),
        ),
        sidecars.host("acme", ["acme.example"], sidecars.route("acme")),
    )
    tls = {
        "require_client_certificate": True,
        "common_tls_context": {"validation_context": {"trusted_ca": {"inline_string": "CA"}}},
    }
    chains = (
        sidecars.chain(
            rbac,
            sidecars.manager(table, stat_prefix="s"),
            name="internalstore",
            match={"transport_protocol": "tls"},
            tls=tls,
        ),
        sidecars.chain(sidecars.manager(table, stat_prefix="s"), name="acme"),
    )
    inspector = [sidecars.TLS_INSPECTOR]
    default = sidecars.chain(sidecars.manager(table, stat_prefix="s"), name="payments")
    listeners = [
        sidecars.listener(*chains, listener_filters=inspector, default_filter_chain=default),
        sidecars.listener(chains[1], name="acme", at="10.9.9.9:80"),
    ]
    clusters = [sidecars.cluster("acme"), sidecars.cluster("payments"), sidecars.cluster("other")]
    return sidecars.tracer(sidecars.sections(listeners, clusters=clusters)).proxy


def request():
    return sidecars.request(
        tls=True,
        client_certificate=CertificateFacts(dns_sans=("acme.payments.cluster.local",)),
        host="internalstore",
        path="/a?team=payments&token=t0k3n",
        headers={"x-team": "payments", "authorization": "Bearer s3cr3t", "x-other": "hunter2"},
    )


def planted(found: Comparison) -> Comparison:
    """Say of a comparison that its routes differ, as a wrong rule would make it."""
    if found.real is None:
        return found
    wrong = Decision(verdict="forwarded", filter_chain=found.simulated.filter_chain, route="#7")
    fields = {"result": "differ", "difference": "route", "simulated": wrong}
    return Comparison(**{name: getattr(found, name) for name in ("real", "log")} | fields)


@pytest.fixture
def report():
    asked = []

    def verify(proxy, request):
        asked.append((proxy, request))
        return planted(verify_once(proxy, request))

    found = planted(verify_once(proxy(), request()))
    return bug_report(proxy(), request(), found, verify), asked


def block(text: str, title: str):
    return json.loads(text.partition(f"## {title}")[2].partition("```json")[2].partition("```")[0])


@pytest.mark.envoy
def test_it_names_nobody_and_holds_no_secret(report):
    text, _ = report
    assert "first in `route`" in text
    for word in (*NAMES, *SECRETS):
        assert word not in text


@pytest.mark.envoy
def test_the_same_name_is_the_same_everywhere(report):
    text, _ = report
    asked = block(text, "The request")
    (name,) = asked["client_certificate"]["dns_sans"]
    assert f'"exact": "{name}"' in text
    ((header, (value,)),) = asked["headers"].items()
    assert value == name.split(".")[1]
    assert f'"name": "{header}"' in text
    assert asked["path"] == f"/a?{header.removeprefix('x-')}={value}&token=redacted"


@pytest.mark.envoy
def test_it_holds_what_was_decided_by_alone(report):
    text, asked = report
    sections = block(text, "The dump, names")["configs"]
    (entry,) = sections[0]["static_listeners"]
    assert len(entry["listener"]["filter_chains"]) == 1
    assert not entry["listener"].get("default_filter_chain")
    assert len(sections[1]["static_clusters"]) == 1
    assert len(asked) == 1


def test_what_does_not_show_without_the_names_has_no_dump_in_it():
    decision = Decision(verdict="closed")
    agrees = Comparison(result="agree", simulated=decision, real=decision)
    found = Comparison(result="differ", simulated=decision, real=decision, difference="route")
    text = bug_report(proxy(), request(), found, lambda proxy, request: agrees)
    assert "no dump is in here" in text
    assert "static_listeners" not in text
