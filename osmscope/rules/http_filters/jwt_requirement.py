"""Which tokens satisfy a requirement.

What Envoy does: a provider needs a token in one of its places, and every token there has to be
good. `requires_all` stops at the first requirement that fails; `requires_any` at the first that
holds, and fails with the last message that says more than that a token is missing or of another
issuer. `allow_missing` and `allow_missing_or_failed` look at the tokens of all providers, and with
the former only the last token that Envoy looks at decides; beside others in `requires_any` they
look at none and forgive missing tokens, or everything. `extract_only_without_validation` forgives
everything. A token that was accepted is taken out before the next requirement looks.
Checked against Envoy 1.40.0. Not modelled: the order in which Envoy looks at several tokens, which
is that of a hash table: where it decides, that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from osmscope.resources.http_filters.authentication import (
    JwtAuthentication,
    JwtProvider,
    JwtRequirement,
)
from osmscope.rules.facts import Request
from osmscope.rules.http_filters import jwt_forwarding
from osmscope.rules.http_filters.jwt_claims import WRONG_ISSUER, check_claims, is_issuer
from osmscope.rules.http_filters.jwt_token import Claims, Token, find_tokens, parse_token

MISSING = "Jwt is missing"
_SAME_ISSUER = "of the providers that have the same issuer, Envoy takes one that reads this token"
_ORDER = "Envoy looks at the request's tokens in the order of the configuration"


class Verification:
    """One request on its way through a requirement."""

    def __init__(
        self, own: JwtAuthentication, request: Request, knows_cluster: Callable[[str], bool]
    ) -> None:
        self.request = request
        """The request as accepted and refused tokens leave it."""
        self.assumptions: tuple[str, ...] = ()
        """What the result rests on."""
        self.clears_route_cache = False
        self.accepted: tuple[str, ...] = ()
        """The providers whose tokens were accepted."""
        self._own = own
        self._knows_cluster = knows_cluster

    def verify(self, requirement: JwtRequirement) -> str:
        """Return Envoy's message where the requirement fails, "" where it holds.

        Raises:
            DumpError: RE2 refuses an expression, or a duration cannot be read.
        """
        if requirement.requires_any is not None:
            return self._any(requirement.requires_any.requirements)
        if requirement.requires_all is not None:
            failed = map(self.verify, requirement.requires_all.requirements)
            return next(filter(None, failed), "")
        if requirement.allow_missing is not None:
            problems = self._all_tokens()
            problem = problems[-1] if problems else ""
            if len(set(problems)) > 1:
                self._assume(_ORDER)
            return problem
        if _forgives(requirement):
            self._all_tokens()
            return ""
        audiences = requirement.provider_and_audiences
        if audiences is not None:
            return self._provider(audiences.provider_name, audiences.audiences)
        name = requirement.provider_name
        return self._provider(name) if name else ""

    def _any(self, requirements: tuple[JwtRequirement, ...]) -> str:
        forgiving = [one for one in requirements if one.allow_missing_or_failed is not None]
        forgiving = forgiving or [one for one in requirements if one.allow_missing is not None]
        others = [one for one in requirements if not _looks_at_all(one)]
        if not others:
            return self.verify(forgiving[0]) if forgiving else MISSING
        problems: list[str] = []
        for requirement in others:
            problem = self.verify(requirement)
            if not problem:
                return ""
            problems.append(problem)
        if forgiving and forgiving[0].allow_missing_or_failed is not None:
            return ""
        # Sorting is stable: of messages that say equally much the last one stays last.
        worst = max(reversed(problems), key=_weight)
        return "" if forgiving and worst == MISSING else worst

    def _provider(self, name: str, audiences: tuple[str, ...] = ()) -> str:
        self._sanitize({key: one for key, one in self._own.providers.items() if key == name})
        tokens = find_tokens(self._own.providers, (name,), self.request)
        if not tokens:
            return MISSING
        if len(tokens) > 1 and len({one.value for one in tokens}) > 1:
            self._assume(_ORDER)
        return next(filter(None, (self._token(token, audiences) for token in tokens)), "")

    def _all_tokens(self) -> list[str]:
        self._sanitize(self._own.providers)
        tokens = find_tokens(self._own.providers, self._own.providers, self.request)
        return [self._token(token, (), any_provider=True) for token in tokens]

    def _sanitize(self, providers: Mapping[str, JwtProvider]) -> None:
        """Take out the headers of these providers, those of an earlier requirement's token too."""
        headers = jwt_forwarding.sanitize(providers, self.request.headers)
        self.request = self.request.with_headers(headers)

    def _token(
        self, token: Token, audiences: tuple[str, ...], *, any_provider: bool = False
    ) -> str:
        claims = parse_token(token.value)
        name = self._owner(token, claims) if any_provider else token.providers[0]
        provider = self._own.providers.get(name or "")
        if provider is None:
            return claims if isinstance(claims, str) else WRONG_ISSUER
        if isinstance(claims, str):
            self.request = jwt_forwarding.refuse(provider, claims, self.request)
            return claims
        allowed = audiences or provider.audiences
        now = self.request.now
        verdict = check_claims(provider, allowed, claims, now, self._knows_cluster)
        self._assume(*verdict.assumptions)
        if verdict.problem:
            self.request = jwt_forwarding.refuse(provider, verdict.problem, self.request)
            return verdict.problem
        self.request = jwt_forwarding.accept(provider, token, claims, self.request)
        self.clears_route_cache = self.clears_route_cache or provider.clear_route_cache
        self.accepted = tuple(dict.fromkeys((*self.accepted, token.providers[0])))
        return ""

    def _owner(self, token: Token, claims: Claims | str) -> str | None:
        """Find whose token it is by the issuer, wherever its provider looks for tokens."""
        if isinstance(claims, str):
            return None
        known = self._own.providers
        if not any(is_issuer(known[name], claims) for name in token.providers):
            return None
        named = [name for name, one in known.items() if one.issuer == claims.payload.get("iss", "")]
        found = named or [name for name, one in known.items() if not one.issuer]
        if len(found) > 1:
            self._assume(_SAME_ISSUER)
        return next((name for name in token.providers if name in found), found[0])

    def _assume(self, *assumptions: str) -> None:
        self.assumptions = tuple(dict.fromkeys((*self.assumptions, *assumptions)))


def _looks_at_all(requirement: JwtRequirement) -> bool:
    return requirement.allow_missing is not None or requirement.allow_missing_or_failed is not None


def _forgives(requirement: JwtRequirement) -> bool:
    return (
        requirement.allow_missing_or_failed is not None
        or requirement.extract_only_without_validation is not None
    )


def _weight(problem: str) -> int:
    return 0 if problem == MISSING else 1 if problem == WRONG_ISSUER else 2
