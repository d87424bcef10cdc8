"""Which redirects of an endpoint are followed, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.route import RouteAction
from osmscope.rules.internal_redirect import InternalRedirects, internal_redirects

Json = dict[str, object]


def followed(**action: object) -> InternalRedirects | None:
    return internal_redirects(msgspec.convert(action, RouteAction))


@pytest.mark.parametrize(
    ("policy", "codes", "most"),
    [
        ({}, (302,), 1),
        ({"max_internal_redirects": 3}, (302,), 3),
        ({"max_internal_redirects": 0}, None, None),
        ({"redirect_response_codes": [301, 307]}, (301, 307), 1),
        ({"redirect_response_codes": [200, 303]}, (303,), 1),
        ({"redirect_response_codes": [200]}, None, None),
    ],
)
def test_codes_and_how_many(policy: Json, codes: tuple[int, ...] | None, most: int | None) -> None:
    found = followed(internal_redirect_policy=policy)
    assert (found and found.codes, found and found.most) == (codes, most)


@pytest.mark.parametrize(
    ("action", "most"),
    [
        ({}, None),
        ({"internal_redirect_action": "PASS_THROUGH_INTERNAL_REDIRECT"}, None),
        ({"internal_redirect_action": "HANDLE_INTERNAL_REDIRECT"}, 1),
        ({"internal_redirect_action": "HANDLE_INTERNAL_REDIRECT", "max_internal_redirects": 2}, 2),
    ],
)
def test_the_fields_of_before_2020(action: Json, most: int | None) -> None:
    found = followed(**action)
    assert (found and found.most) == most


@pytest.mark.parametrize(
    ("policy", "details"),
    [
        ({}, ()),
        ({"predicates": [{"name": "safe_cross_scheme"}]}, ("unless safe_cross_scheme refuses",)),
        ({"allow_cross_scheme_redirect": True}, ("also to another scheme",)),
        ({"response_headers_to_copy": ["x-a", "x-b"]}, ("with the response's x-a, x-b",)),
    ],
)
def test_further_conditions(policy: Json, details: tuple[str, ...]) -> None:
    found = followed(internal_redirect_policy=policy)
    assert found is not None
    assert found.details == details
