"""Requirements of tokens, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import JwtAuthentication, JwtRequirement
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.jwt_requirement import Verification
from tests.rules.http_filters.jwt_tokens import token

Fields = dict[str, object]
P: Fields = {"provider_name": "p"}
Q: Fields = {"provider_name": "q"}
AM: Fields = {"allow_missing": {}}
AMF: Fields = {"allow_missing_or_failed": {}}
EX: Fields = {"extract_only_without_validation": {}}
MISS, ISS, EXP = "Jwt is missing", "Jwt issuer is not configured", "Jwt is expired"
JUNK = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
TOKENS = {
    "good": token({"iss": "p"}),
    "exp": token({"iss": "p", "exp": 5}),
    "gq": token({"iss": "q"}),
    "bq": token({"iss": "q", "exp": 5}),
    "wi": token({"iss": "zz"}),
    "junk": "junk",
}
OWN = msgspec.convert(
    {
        "providers": {
            "p": {"issuer": "p", "failed_status_in_metadata": "fs"},
            "q": {"issuer": "q", "from_headers": [{"name": "x-q"}], "clear_route_cache": True},
            "many": {"from_headers": [{"name": "x-b"}, {"name": "x-a"}]},
        }
    },
    JwtAuthentication,
)


def any_of(*requirements: Fields) -> Fields:
    return {"requires_any": {"requirements": requirements}}


def all_of(*requirements: Fields) -> Fields:
    return {"requires_all": {"requirements": requirements}}


def verification(**sent: str) -> Verification:
    headers = Headers.of((name.replace("_", "-"), value) for name, value in sent.items())
    request = Request(connection=Connection(), headers=headers, now=1000)
    return Verification(OWN, request, lambda _: True)


WORDS = {"miss": MISS, "exp": EXP, "iss": ISS, "junk": JUNK}


def put(requirement: Fields, first: str, second: str) -> str:
    """What comes of a token where p looks and one where q looks."""
    sent = {"authorization": f"Bearer {TOKENS[first]}"} if first != "-" else {}
    run = verification(**sent, **({"x_q": TOKENS[second]} if second != "-" else {}))
    problem = run.verify(msgspec.convert(requirement, JwtRequirement))
    if problem:
        return problem
    left = run.request.headers
    places = (("a", first, "authorization"), ("x", second, "x-q"))
    return "".join(key for key, had, name in places if had != "-" and name not in left) or "."


SENT = """
-/- good/- exp/- wi/- junk/- good/gq exp/gq exp/bq good/bq -/gq -/bq wi/bq exp/wi wi/exp
"""


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        # What is accepted is taken out: a of authorization, x of x-q; "." takes nothing out.
        # Where Envoy's own order of tokens decides it is "?".
        (P, "miss a exp iss junk a exp exp a miss miss iss exp iss"),
        (any_of(P, Q), "miss a exp iss junk a x exp a x exp exp exp iss"),
        (any_of(Q, P), "miss a exp iss junk x x exp a x exp exp exp iss"),
        (all_of(P, Q), "miss miss exp iss junk ax exp exp exp miss miss iss exp iss"),
        (AM, ". a exp iss junk ax ? exp ? x exp ? ? ?"),
        (AMF, ". a . . . ax x . a x . . . ."),
        (EX, ". a . . . ax x . a x . . . ."),
        (any_of(P, AM), ". a exp iss junk a exp exp a . . iss exp iss"),
        (any_of(Q, P, AM), ". a exp iss junk x x exp a x exp exp exp iss"),
        (any_of(P, AMF), ". a . . . a . . a . . . . ."),
        (any_of(any_of(P, Q), AM), ". a exp iss junk a x exp a x exp exp exp iss"),
        (all_of(P, AM), "miss a exp iss junk ax exp exp exp miss miss iss exp iss"),
        (all_of(AM, P), "miss miss exp iss junk miss ? exp ? miss exp ? ? ?"),
        (all_of(EX, P), "miss miss exp iss junk miss exp exp miss miss miss iss exp iss"),
        (any_of(P, EX), ". a . . . a x . a x . . . ."),
        ({}, ". . . . . . . . . . . . . ."),
    ],
)
def test_requirements(requirement: Fields, expected: str) -> None:
    for sent, wanted in zip(SENT.split(), expected.split(), strict=True):
        if wanted != "?":
            assert put(requirement, *sent.split("/")) == WORDS.get(wanted, wanted), sent


def test_the_audiences_of_a_requirement_take_the_place_of_the_provider_s() -> None:
    requirement = {"provider_and_audiences": {"provider_name": "p", "audiences": ["x"]}}
    assert put(requirement, "good", "-") == "Audiences in Jwt are not allowed"


def test_an_unknown_provider_is_never_satisfied() -> None:
    assert put({"provider_name": "zz"}, "good", "-") == ISS


ORDER = "Envoy looks at the request's tokens in the order of the configuration"


@pytest.mark.parametrize(
    ("requirement", "sent", "rests"),
    [
        ({"provider_name": "many"}, {"x_a": "good"}, False),
        ({"provider_name": "many"}, {"x_a": "good", "x_b": "good"}, False),
        ({"provider_name": "many"}, {"x_a": "good", "x_b": "exp"}, True),
        (AM, {"x_a": "good", "x_q": "bq"}, True),
        (AM, {"x_a": "good", "x_q": "gq"}, False),
    ],
)
def test_the_order_of_several_tokens(
    requirement: Fields, sent: dict[str, str], rests: bool
) -> None:
    run = verification(**{name: TOKENS[value] for name, value in sent.items()})
    run.verify(msgspec.convert(requirement, JwtRequirement))
    assert (ORDER in run.assumptions) is rests


def test_what_verification_leaves() -> None:
    run = verification(authorization=f"Bearer {TOKENS['good']}", x_q=TOKENS["gq"])
    assert run.verify(msgspec.convert(all_of(P, Q), JwtRequirement)) == ""
    assert run.accepted == ("p", "q")
    assert run.clears_route_cache
    assert len(run.assumptions) == 2


def test_a_refused_token_leaves_its_status() -> None:
    for name in ("exp", "junk"):
        run = verification(authorization=f"Bearer {TOKENS[name]}")
        assert run.verify(msgspec.convert(P, JwtRequirement))
        assert "fs" in run.request.metadata["envoy.filters.http.jwt_authn"]


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [(any_of(AM, AM), JUNK), (any_of(AM, AMF), ""), (any_of(AMF, AM), "")],
)
def test_what_forgives_is_asked_like_others_where_there_are_no_others(
    requirement: Fields, problem: str
) -> None:
    run = verification(authorization="Bearer junk")
    assert run.verify(msgspec.convert(requirement, JwtRequirement)) == problem


def test_any_provider_of_an_issuer_may_read_a_token() -> None:
    providers = {"a": {}, "b": {"require_expiration": True}}
    own = msgspec.convert({"providers": providers}, JwtAuthentication)
    headers = Headers.of([("authorization", f"Bearer {TOKENS['good']}")])
    run = Verification(own, Request(connection=Connection(), headers=headers), lambda _: True)
    run.verify(msgspec.convert(AM, JwtRequirement))
    assert any("the same issuer" in text for text in run.assumptions)


def test_a_later_requirement_takes_the_headers_of_an_earlier_one_out() -> None:
    providers = {"a": {"forward_payload_header": "x-payload"}}
    own = msgspec.convert({"providers": providers}, JwtAuthentication)
    headers = Headers.of([("authorization", f"Bearer {TOKENS['good']}")])
    run = Verification(own, Request(connection=Connection(), headers=headers), lambda _: True)
    run.verify(msgspec.convert(AM, JwtRequirement))
    assert "x-payload" in run.request.headers
    run.verify(msgspec.convert(AM, JwtRequirement))
    assert "x-payload" not in run.request.headers
