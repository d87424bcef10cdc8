"""Whether a peer's certificate bears one of the names that a validation context accepts.

What Envoy does: any one matcher suffices, on any name of its type; the matchers of before 2022
have no type and look at all names. An `exact` matcher of a DNS name ignores case, and fits a
wildcard name of the certificate.
Checked against Envoy 1.40.0. Not modelled: e-mail addresses, IP addresses and other names in a
certificate, of which nothing is known.
"""

from collections.abc import Iterator

from osmscope.resources.matcher import StringMatcher
from osmscope.resources.transport_socket import CertificateValidationContext
from osmscope.rules.facts import ClientCertificate
from osmscope.rules.result import Match, any_of, matched, missed, unknown
from osmscope.rules.string_matcher import describe, match_string


def match_subject_alt_names(
    context: CertificateValidationContext, certificate: ClientCertificate
) -> Match:
    """Ask whether a certificate has an accepted name; one without such a list accepts all.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    names = ", ".join((*certificate.dns_sans, *certificate.uri_sans)) or "no names"
    answers = tuple(_answers(context, certificate))
    if not answers:
        return matched("no names are asked for")
    return any_of(answers, missed(f"the certificate is for {names}"))


def _answers(
    context: CertificateValidationContext, certificate: ClientCertificate
) -> Iterator[Match]:
    for index, typed in enumerate(context.match_typed_subject_alt_names):
        field = f"match_typed_subject_alt_names[{index}]"
        if typed.san_type == "DNS":
            yield _dns(typed.matcher, certificate, field)
        elif typed.san_type == "URI":
            yield _uri(typed.matcher, certificate, field)
        else:
            yield unknown(f"the {typed.san_type} names of the client's certificate", field)
    for index, matcher in enumerate(context.match_subject_alt_names):
        field = f"match_subject_alt_names[{index}]"
        yield _dns(matcher, certificate, field)
        yield _uri(matcher, certificate, field)


def _dns(matcher: StringMatcher, certificate: ClientCertificate, field: str) -> Match:
    if matcher.exact is None:
        return _any_name(matcher, certificate.dns_sans, "DNS name", field)
    for name in certificate.dns_sans:
        if _covers(name.lower(), matcher.exact.lower()):
            return matched(f'DNS name "{name}" covers "{matcher.exact}"', field)
    return _no_name(matcher, "DNS name", field)


def _uri(matcher: StringMatcher, certificate: ClientCertificate, field: str) -> Match:
    return _any_name(matcher, certificate.uri_sans, "URI", field)


def _any_name(matcher: StringMatcher, names: tuple[str, ...], kind: str, field: str) -> Match:
    answers = (match_string(matcher, name, kind).within(field) for name in names)
    return any_of(answers, _no_name(matcher, kind, field))


def _no_name(matcher: StringMatcher, kind: str, field: str) -> Match:
    return missed(f"the certificate has no {kind} to {describe(matcher)}", field)


def _covers(name: str, wanted: str) -> bool:
    """Whether a DNS name of a certificate stands for a host; one `*` in its first label may."""
    label, _, domain = name.partition(".")
    wanted_label, _, wanted_domain = wanted.partition(".")
    if label.count("*") != 1 or not domain:
        return name == wanted
    before, _, after = label.partition("*")
    return (
        domain == wanted_domain
        and len(wanted_label) >= len(before) + len(after)
        and wanted_label.startswith(before)
        and wanted_label.endswith(after)
    )
