"""Whether a token's claims are what its provider asks for.

What Envoy does, in this order: the issuer has to be the provider's, where that names one; the time
has to be within `nbf` and `exp`, give or take the clock skew; one of the audiences has to be
allowed, compared without a scheme and a trailing slash, which alone is a 403; then subject,
required expiration and longest lifetime, which are told as a failed verification; then a key has to
fit `kid` and `alg`.
Checked against Envoy 1.40.0. Not modelled: the signature, which is assumed to be right; times where
the time of the request is not given, which are assumed to be right too; keys that Envoy fetches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from osmscope.resources.http_filters.authentication import JwtProvider
from osmscope.rules.duration import milliseconds
from osmscope.rules.http_filters.jwt_token import Claims
from osmscope.rules.string_matcher import match_string

WRONG_ISSUER = "Jwt issuer is not configured"
WRONG_AUDIENCE = "Audiences in Jwt are not allowed"
_FAILS = "Jwt verification fails"
_NO_KEY = "Jwks doesn't have key to match kid or alg from Jwt"
_NOT_FETCHED = "Jwks remote fetch is failed"
_DEFAULT_SKEW = 60


class ClaimsVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider makes of a token."""

    problem: str = ""
    """Envoy's message, where it refuses the token."""
    assumptions: tuple[str, ...] = ()
    """What has to be assumed for the verdict, each a clause."""


def check_claims(
    provider: JwtProvider,
    audiences: tuple[str, ...],
    claims: Claims,
    now: float | None,
    knows_cluster: Callable[[str], bool],
) -> ClaimsVerdict:
    """Put a token to its provider.

    Args:
        provider: The provider.
        audiences: The audiences that are allowed; () for all.
        claims: What the token says.
        now: The time in seconds since 1970; None where it is not known.
        knows_cluster: Whether there is a cluster of that name to fetch keys from.

    Raises:
        DumpError: RE2 refuses an expression, or a duration cannot be read.
    """
    if not is_issuer(provider, claims):
        return ClaimsVerdict(problem=WRONG_ISSUER)
    problem = _time_problem(provider, claims, now)
    if not problem and not _is_audience(audiences, claims):
        problem = WRONG_AUDIENCE
    problem = problem or _other_problem(provider, claims, now)
    problem = problem or _key_problem(provider, claims, knows_cluster)
    assumed = tuple(_assumptions(provider, claims, now))
    if problem:
        # A time that is not right would have been refused before everything that comes later.
        return ClaimsVerdict(problem=problem, assumptions=assumed[:-1])
    return ClaimsVerdict(assumptions=assumed)


def is_issuer(provider: JwtProvider, claims: Claims) -> bool:
    """Tell whether a token is of the provider's issuer."""
    return not provider.issuer or claims.payload.get("iss", "") == provider.issuer


_WRAP = 2**64


def _time(claims: Claims, name: str) -> int | None:
    """Return a time; None for none, which 0 is for Envoy too, once fractions are cut off."""
    value = claims.payload.get(name)
    return (int(value) or None) if isinstance(value, int | float) else None


def _time_problem(provider: JwtProvider, claims: Claims, now: float | None) -> str:
    if now is None:
        return ""
    skew = _DEFAULT_SKEW if provider.clock_skew_seconds is None else provider.clock_skew_seconds
    begin, end = _time(claims, "nbf"), _time(claims, "exp")
    if begin is not None and now + skew < begin:
        return "Jwt not yet valid"
    return "Jwt is expired" if end is not None and now > end + skew else ""


def _is_audience(audiences: tuple[str, ...], claims: Claims) -> bool:
    if not audiences:
        return True
    said = claims.payload.get("aud", ())
    listed = said if isinstance(said, list) else [said]
    named = {_bare(str(one)) for one in listed}
    return any(_bare(audience) in named for audience in audiences)


def _bare(audience: str) -> str:
    return audience.removeprefix("https://").removeprefix("http://").removesuffix("/")


def _other_problem(provider: JwtProvider, claims: Claims, now: float | None) -> str:
    if provider.subjects is not None:
        subject = str(claims.payload.get("sub", ""))
        if not match_string(provider.subjects, subject, "subject").is_match:
            return _FAILS
    end = _time(claims, "exp")
    if end is None:
        return _FAILS if provider.require_expiration or provider.max_lifetime is not None else ""
    if provider.max_lifetime is None or now is None:
        return ""
    # Envoy counts here with signed numbers: a time beyond 2^63 seconds is long ago.
    signed = end - _WRAP if end >= _WRAP // 2 else end
    return _FAILS if signed - now > milliseconds(provider.max_lifetime) / 1000 else ""


def _key_problem(
    provider: JwtProvider, claims: Claims, knows_cluster: Callable[[str], bool]
) -> str:
    if provider.remote_jwks is not None:
        return "" if knows_cluster(provider.remote_jwks.http_uri.cluster) else _NOT_FETCHED
    keys = _local_keys(provider)
    return _NO_KEY if keys is not None and not any(_fits(key, claims) for key in keys) else ""


class _Key(msgspec.Struct, frozen=True):
    kid: str = ""
    alg: str = ""


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[_Key, ...]


def _local_keys(provider: JwtProvider) -> tuple[_Key, ...] | None:
    source = provider.local_jwks
    if source is None or source.inline_string is None:
        return None
    try:
        return msgspec.json.decode(source.inline_string, type=_Keys).keys
    except msgspec.MsgspecError:  # A key in PEM has no names.
        return None


def _fits(key: _Key, claims: Claims) -> bool:
    kid = claims.header.get("kid")
    if kid and key.kid and key.kid != kid:
        return False
    return not key.alg or key.alg == claims.header.get("alg")


def _assumptions(provider: JwtProvider, claims: Claims, now: float | None) -> Iterator[str]:
    named = "the token" + (f' of issuer "{provider.issuer}"' if provider.issuer else "")
    if now is None:
        for name, words in (("nbf", "is valid already (nbf"), ("exp", "has not expired (exp")):
            value = _time(claims, name)
            if value is not None:
                yield f"{named} {words} {value})"
        if provider.max_lifetime is not None:
            yield f"{named} does not live longer than max_lifetime ({provider.max_lifetime})"
    yield f"the signature of {named} is valid (osmscope does not check it)"
