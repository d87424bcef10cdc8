"""A connection's way, from listener to network filters, where real traffic seldom goes."""

import pytest

from tests.trace.sidecars import (
    EVERYTHING,
    ORIGINAL_DST,
    TLS_INSPECTOR,
    ask,
    brief,
    chain,
    deny,
    extension,
    listener,
    manager,
    only,
    section,
    sections,
    tcp,
    tracer,
)

WEB = manager(EVERYTHING)


def one(*chains, **fields):
    return tracer(sections([listener(*chains, **fields)]))


def test_without_a_listeners_section_nothing_is_known():
    built = sections()
    del built["Listeners"]
    answer = ask(tracer(built))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert answer.assumptions == ("the dump's listeners section is not known",)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"listener": "x"}, 'no listener "x" accepts connections'),
        ({"listener": None, "dst_port": 99}, "no listener has the address of 10.0.0.1:99"),
    ],
)
def test_no_listener_closes(asked, reason):
    outcome = only(one(chain(WEB)), **asked)
    assert (brief(outcome), outcome.response.reason) == ("closed", reason)


def test_several_listeners_that_fit_are_candidates():
    sidecar = tracer(
        sections([
            listener(chain(WEB), name="x", at="10.0.0.1:80"),
            listener(chain(WEB), name="y", at="10.0.0.1:81"),
        ])
    )  # fmt: skip
    answer = ask(sidecar, listener=None, dst_port=None)
    assert brief(answer.outcomes[0]) == "unknown"
    assert answer.assumptions == (
        'which of the listeners "x", "y" accepts the connection is not known',
    )


@pytest.mark.parametrize(("direction", "name"), [("outbound", "out"), ("inbound", "in")])
def test_the_direction_chooses_the_intercepting_listener(direction, name):
    sidecar = tracer(
        sections([
            listener(chain(WEB), name=short, at=at, traffic_direction=marked,
                     listener_filters=[ORIGINAL_DST])
            for short, at, marked in (
                ("out", "0.0.0.0:15001", "OUTBOUND"), ("in", "0.0.0.0:15003", "INBOUND"))
        ])
    )  # fmt: skip
    assert only(sidecar, listener=None, direction=direction).listener == name


HANDING_OVER = [
    listener(chain(WEB, name="own"), name="virtual", use_original_dst=True),
    listener(chain(WEB, name="other"), name="o", at="10.0.0.1:80", bind_to_port=False),
]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ("o", "other")),
        ({"dst_port": 81}, ("virtual", "own")),
        ({"dst_port": None}, ("virtual", None)),
        ({"dst_port": None, "dst_ip": "10.0.0.9"}, ("virtual", "own")),
    ],
)
def test_a_hand_over_needs_the_destination(asked, expected):
    outcome = only(tracer(sections(HANDING_OVER)), listener="virtual", **asked)
    assert (outcome.listener, outcome.filter_chain) == expected
    assert (outcome.verdict == "unknown") is (expected[1] is None)


TLS_ONLY = {"transport_protocol": "tls"}


@pytest.mark.parametrize(
    ("chains", "fields", "expected"),
    [
        ([chain(WEB, match={"destination_port": 81})], {}, "closed NR filter_chain_not_found"),
        ([], {}, "closed NR filter_chain_not_found"),
        ([], {"default_filter_chain": chain(WEB)}, "forwarded a"),
        ([chain(WEB, match=TLS_ONLY)], {}, "closed NR filter_chain_not_found"),
        ([chain(WEB, match=TLS_ONLY)], {"default_filter_chain": chain(tcp("x"))}, "closed NC"),
        ([chain()], {}, "closed"),
        ([chain(WEB, tls={})], {}, "closed"),
        ([chain(deny(network=True), WEB)], {}, "closed rbac_access_denied_matched_policy[none]"),
        ([chain(extension("e", "envoy.extensions.filters.network.echo.v3.Echo"))], {}, "closed"),
    ],
)
def test_where_a_connection_ends(chains, fields, expected):
    sidecar = one(*chains, listener_filters=[TLS_INSPECTOR], **fields)
    assert brief(only(sidecar)) == expected


@pytest.mark.parametrize(
    ("match", "asked", "missing"),
    [
        ({"destination_port": 80}, {"dst_port": None}, "the destination port"),
        ({"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}, {"dst_ip": None},
         "the destination IP"),
        ({"source_ports": [5]}, {"src_port": None}, "the source port"),
        ({"direct_source_prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]},
         {"src_ip": None}, "the address of the TCP peer itself"),
    ],
)  # fmt: skip
def test_a_chain_that_asks_for_what_nobody_said_is_unknown(match, asked, missing):
    answer = ask(one(chain(WEB, match=match), chain(WEB)), **asked)
    assert brief(answer.outcomes[0]) == "unknown"
    assert answer.assumptions == (f"{missing} is not known",)


def test_equal_chains_are_ambiguous():
    answer = ask(one(chain(WEB, name="x"), chain(WEB, name="y")))
    assert not answer.exact
    assert answer.outcomes[0].filter_chain == "x"
    assert "several filter chains have the same filter_chain_match" in answer.assumptions[0]


@pytest.mark.parametrize(
    ("tls", "asked", "ends"),
    [
        ({}, {"tls": True}, "forwarded a"),
        ({"require_sni": True}, {"tls": True}, "closed"),
        ({"require_sni": True}, {"sni": "a"}, "forwarded a"),
        ({"require_client_certificate": True, "common_tls_context": {"validation_context": {
            "trusted_ca": {"inline_string": "x"}}}}, {"tls": True}, "closed"),
        ({"require_client_certificate": True, "common_tls_context": {"validation_context": {
            "trusted_ca": {"inline_string": "x"}}}},
         {"client_certificate": {"trusted": False}}, "closed"),
    ],
)  # fmt: skip
def test_a_handshake(tls, asked, ends):
    assert brief(only(one(chain(WEB, tls=tls)), **asked)) == ends


TRUST = {"common_tls_context": {"validation_context": {"trusted_ca": {"inline_string": "x"}}}}


@pytest.mark.parametrize(("trusted", "exact"), [(None, False), (True, True)])
def test_trust_that_nobody_spoke_of_is_an_assumption(trusted, exact):
    answer = ask(one(chain(WEB, tls=TRUST)), client_certificate={"trusted": trusted})
    assert answer.exact is exact
    assert exact or "signed by a CA" in answer.assumptions[0]


def test_a_secret_that_the_dump_lacks_is_an_assumption():
    tls = {"common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "s"}]}}
    sidecar = one(chain(WEB, tls=tls))
    assert ask(sidecar, tls=True).assumptions == (
        'the secret "s", which the dump lacks, holds a certificate',
    )
    built = sections([listener(chain(WEB, tls=tls))])
    built["Secrets"] = section(
        "Secrets", dynamic_active_secrets=[{"name": "s", "secret": {"name": "s"}}]
    )
    assert ask(tracer(built), tls=True).exact


def test_a_network_filter_that_nobody_knows_is_assumed_to_pass_bytes_on():
    odd = extension("odd", "a.B")
    answer = ask(one(chain(odd, WEB)))
    assert (brief(answer.outcomes[0]), answer.exact) == ("forwarded a", False)
    assert "odd" in answer.assumptions[0]
    last = ask(one(chain(odd)))
    assert (brief(last.outcomes[0]), last.assumptions[0]) == (
        "unknown",
        'what the network filter "odd" does is not known',
    )


DENYING = deny(network=True)["typed_config"]


@pytest.mark.parametrize(
    ("ecds", "default", "expected", "exact"),
    [
        ([{"ecds_filter": {"name": "f", "typed_config": DENYING}}], None,
         "closed rbac_access_denied_matched_policy[none]", True),
        ([], DENYING, "closed rbac_access_denied_matched_policy[none]", True),
        ([], None, "closed", True),
        (None, None, "forwarded a", False),
        (None, DENYING, "forwarded a", False),
    ],
)  # fmt: skip
def test_a_network_filter_by_ecds(ecds, default, expected, exact):
    discovery = {} if default is None else {"default_config": default}
    by_ecds = {"name": "f", "config_discovery": {"config_source": {}, **discovery}}
    built = sections([listener(chain(by_ecds, WEB))])
    if ecds is not None:
        built["Ecds"] = section("Ecds", ecds_filters=ecds)
    answer = ask(tracer(built))
    assert (brief(answer.outcomes[0]), answer.exact) == (expected, exact)
    assert exact or "network filter f" in answer.assumptions[0]


@pytest.mark.parametrize(
    ("ecds", "found"),
    [
        (section("Ecds", ecds_filters=[{"ecds_filter": {**TLS_INSPECTOR, "name": "f"}}]), True),
        (section("Ecds", ecds_filters=[]), False),
        (None, False),
    ],
)
def test_listener_filters_may_come_by_ecds(ecds, found):
    by_ecds = {"name": "f", "config_discovery": {"type_urls": ["a.B"]}}
    chains = (chain(tcp(), match={"transport_protocol": "tls"}), chain(tcp(), name="plain"))
    built = sections([listener(*chains, listener_filters=[by_ecds])])
    answer = ask(tracer(built | ({} if ecds is None else {"Ecds": ecds})), tls=True, host=None)
    assert answer.outcomes[0].filter_chain == ("c" if found else "plain")
    assert answer.exact is found
