"""What a validation context asks of a client, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import StringMatcher
from osmscope.resources.transport_socket import (
    CertificateValidationContext,
    CombinedValidationContext,
    CommonTlsContext,
    SdsSecretConfig,
    Secret,
    SubjectAltNameMatcher,
)
from osmscope.rules.validation_context import (
    accepts_untrusted,
    asks_for_certificate,
    has_authority,
    requires_certificate,
    validation_context,
)

UNTRUSTED = "ACCEPT_UNTRUSTED"


def context(**fields: object) -> CertificateValidationContext:
    return CertificateValidationContext(**fields)


EMPTY = context()
CA = context(trusted_ca={})
HASH = context(verify_certificate_hash=("aa",))
SPKI = context(verify_certificate_spki=("aa",))
NAMES = (SubjectAltNameMatcher(san_type="DNS", matcher=StringMatcher(exact="a")),)
CA_AND_NAMES = context(trusted_ca={}, match_typed_subject_alt_names=NAMES)
OLD_NAMES = context(trusted_ca={}, match_subject_alt_names=(StringMatcher(exact="a"),))
ANY = context(trust_chain_verification=UNTRUSTED)
ANY_WITH_CA = context(trusted_ca={}, trust_chain_verification=UNTRUSTED)
ANY_WITH_HASH = context(verify_certificate_hash=("aa",), trust_chain_verification=UNTRUSTED)
ANY_WITH_NAMES = context(
    trusted_ca={}, match_typed_subject_alt_names=NAMES, trust_chain_verification=UNTRUSTED
)
PROVIDER = context(ca_certificate_provider_instance={})
SPIFFE = context(custom_validator_config={})


@pytest.mark.parametrize(
    ("asked", "asks", "required_by_flag", "required_without"),
    [
        (EMPTY, False, False, False),
        (CA, True, True, False),
        (PROVIDER, True, True, False),
        (SPIFFE, True, True, False),
        (HASH, True, True, True),
        (SPKI, True, True, True),
        (CA_AND_NAMES, True, True, True),
        (OLD_NAMES, True, True, True),
        (ANY, True, False, False),
        (ANY_WITH_CA, True, True, False),
        (ANY_WITH_HASH, True, False, False),
        (ANY_WITH_NAMES, True, True, False),
    ],
)
def test_when_a_certificate_is_asked_for_and_when_it_is_required(
    asked: CertificateValidationContext, asks: bool, required_by_flag: bool, required_without: bool
) -> None:
    assert asks_for_certificate(asked) is asks
    assert requires_certificate(asked, True) is required_by_flag
    assert requires_certificate(asked, False) is required_without
    assert requires_certificate(asked, None) is required_without


def test_authority_and_trust() -> None:
    assert [has_authority(one) for one in (EMPTY, HASH, CA, SPIFFE)] == [False, False, True, True]
    assert [accepts_untrusted(one) for one in (CA, ANY_WITH_CA)] == [False, True]


SDS = SdsSecretConfig(name="root")


def combined(default: CertificateValidationContext) -> CommonTlsContext:
    return CommonTlsContext(
        combined_validation_context=CombinedValidationContext(
            default_validation_context=default, validation_context_sds_secret_config=SDS
        )
    )


@pytest.mark.parametrize(
    ("common", "secret", "expected"),
    [
        (CommonTlsContext(), None, EMPTY),
        (CommonTlsContext(validation_context=CA), None, CA),
        (
            CommonTlsContext(validation_context_sds_secret_config=SDS),
            Secret(name="root", validation_context=CA_AND_NAMES),
            CA_AND_NAMES,
        ),
        (CommonTlsContext(validation_context_sds_secret_config=SDS), Secret(name="root"), EMPTY),
        (CommonTlsContext(validation_context_sds_secret_config=SDS), None, CA),
        (combined(HASH), Secret(name="root"), HASH),
        (
            combined(HASH),
            None,
            context(trusted_ca={}, verify_certificate_hash=("aa",)),
        ),
        (
            combined(context(verify_certificate_hash=("aa",), trust_chain_verification=UNTRUSTED)),
            Secret(
                validation_context=context(
                    trusted_ca={"filename": "ca"}, verify_certificate_hash=("bb",)
                )
            ),
            context(
                trusted_ca={"filename": "ca"},
                verify_certificate_hash=("aa", "bb"),
                trust_chain_verification=UNTRUSTED,
            ),
        ),
        (
            CommonTlsContext(
                combined_validation_context=CombinedValidationContext(default_validation_context=CA)
            ),
            None,
            CA,
        ),
    ],
    ids=[
        "none",
        "inline",
        "secret",
        "secret without a context",
        "secret that the dump lacks",
        "combined with a secret without a context",
        "combined with a secret that the dump lacks",
        "combined: lists are appended, and what is set wins",
        "combined without a secret",
    ],
)
def test_where_the_context_stands(
    common: CommonTlsContext, secret: Secret | None, expected: CertificateValidationContext
) -> None:
    asked: list[str] = []

    def secrets(name: str) -> Secret | None:
        asked.append(name)
        return secret

    assert validation_context(common, secrets) == expected
    assert asked in ([], ["root"])
