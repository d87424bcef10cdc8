"""Accepted names of a peer's certificate, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import StringMatcher
from osmscope.resources.transport_socket import CertificateValidationContext, SubjectAltNameMatcher
from osmscope.rules.facts import ClientCertificate
from osmscope.rules.result import Outcome
from osmscope.rules.subject_alt_name import match_subject_alt_names

GOOD = ClientCertificate(
    dns_sans=("good.ns", "*.wild.ns", "pre*.part.ns"), uri_sans=("spiffe://td/good",)
)
NAMELESS = ClientCertificate(subject="CN=nobody")


def typed(*pairs: tuple[str, StringMatcher]) -> CertificateValidationContext:
    return CertificateValidationContext(
        match_typed_subject_alt_names=tuple(
            SubjectAltNameMatcher(san_type=kind, matcher=matcher) for kind, matcher in pairs
        )
    )


def untyped(matcher: StringMatcher) -> CertificateValidationContext:
    return CertificateValidationContext(match_subject_alt_names=(matcher,))


def exact(value: str) -> StringMatcher:
    return StringMatcher(exact=value)


@pytest.mark.parametrize(
    ("context", "outcome"),
    [
        (CertificateValidationContext(), Outcome.MATCH),
        (typed(("DNS", exact("good.ns"))), Outcome.MATCH),
        (typed(("DNS", exact("GOOD.ns"))), Outcome.MATCH),
        (typed(("DNS", exact("other.ns"))), Outcome.NO_MATCH),
        (typed(("DNS", exact("a.wild.ns"))), Outcome.MATCH),
        (typed(("DNS", exact("a.b.wild.ns"))), Outcome.NO_MATCH),
        (typed(("DNS", exact("wild.ns"))), Outcome.NO_MATCH),
        (typed(("DNS", exact("prefix.part.ns"))), Outcome.MATCH),
        (typed(("DNS", exact("other.part.ns"))), Outcome.NO_MATCH),
        (typed(("DNS", StringMatcher(suffix=".ns"))), Outcome.MATCH),
        (typed(("DNS", StringMatcher(suffix=".NS", ignore_case=True))), Outcome.MATCH),
        (typed(("DNS", StringMatcher(prefix="spiffe"))), Outcome.NO_MATCH),
        (typed(("URI", exact("good.ns"))), Outcome.NO_MATCH),
        (typed(("URI", exact("spiffe://td/good"))), Outcome.MATCH),
        (typed(("DNS", exact("x")), ("URI", StringMatcher(prefix="spiffe:"))), Outcome.MATCH),
        (typed(("EMAIL", exact("a@b"))), Outcome.UNKNOWN),
        (typed(("EMAIL", exact("a@b")), ("DNS", exact("good.ns"))), Outcome.MATCH),
        (untyped(exact("spiffe://td/good")), Outcome.MATCH),
        (untyped(exact("good.ns")), Outcome.MATCH),
        (untyped(exact("other")), Outcome.NO_MATCH),
    ],
)
def test_any_matcher_on_any_name_of_its_type_suffices(
    context: CertificateValidationContext, outcome: Outcome
) -> None:
    assert match_subject_alt_names(context, GOOD).outcome is outcome


@pytest.mark.parametrize("context", [typed(("DNS", exact("a"))), untyped(StringMatcher(prefix=""))])
def test_a_certificate_without_names_has_no_accepted_name(
    context: CertificateValidationContext,
) -> None:
    match = match_subject_alt_names(context, NAMELESS)
    assert match.outcome is Outcome.NO_MATCH
    assert match.reason.startswith("the certificate has no ")


def test_the_field_that_accepts_is_named() -> None:
    context = typed(("DNS", exact("x")), ("DNS", exact("good.ns")))
    match = match_subject_alt_names(context, GOOD)
    assert match.consulted == ("match_typed_subject_alt_names[1]",)
    assert match.reason == 'DNS name "good.ns" covers "good.ns"'
