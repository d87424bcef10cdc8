"""Holds what osmscope says of responses against those that clients received.

Two faces say it: the explanation's step, in words, and the look-up of `osmscope test`, which knows
the virtual cluster too.
"""

import itertools
import json
import re
from collections.abc import Iterator

from osmscope.resources.resource import decode
from osmscope.resources.route import RouteConfiguration
from osmscope.route_tests.cases import HeaderField, TableInput
from osmscope.route_tests.table_lookup import Found, look_up
from tests.oracle.case import Json
from tests.oracle.explained import Checked, Explained
from tests.oracle.families.responses import CHANGED

_CHANGE = re.compile(
    '(the weighted cluster|the route configuration|the route|the virtual host) '
    '(removes|adds, if absent,|adds|sets, if present,|sets) "(.*?)"(?=$|[,;] )'
)  # fmt: skip
_BY_ROUTES = ("direct_response", "via_upstream")
"""The details of what a route answers, and of what its endpoint does."""
_REST = "other"
"""Where requests are counted that fit no virtual cluster; Envoy's log has no name for it."""


def check_responses(one: Explained) -> Iterator[Checked]:
    """The client receives what both say, and Envoy counts the request where the look-up says."""
    if one.outcome.response is None or one.truth.get("details") not in _BY_ROUTES:
        return
    if one.outcome.request["path"].startswith("/"):  # the look-up knows no other targets
        found = _look_up(one)
        yield from _check_virtual_cluster(one, found)
        yield from _check_headers(one, found)
    yield from _check_words(one)


def _look_up(one: Explained) -> Found:
    manager = one.case.listener["filter_chains"][0]["filters"][0]["typed_config"]
    body = json.dumps(manager["route_config"]).encode()
    request = one.outcome.request
    fields = [
        HeaderField(key=name, value=value.strip(" \t"))
        for name, values in request.get("headers", {}).items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    given = [HeaderField(key=name, value=value) for name, value in _answered(one).items()]
    asked = TableInput(
        authority=request.get("host", ""),
        path=request["path"],
        method=request["method"],
        additional_request_headers=tuple(fields),
        additional_response_headers=tuple(given),
    )
    configuration = decode(RouteConfiguration, body, "route configuration")
    return look_up(asked, configuration, one.sidecar, {})


def _answered(one: Explained) -> Json:
    """What the endpoint answers; nothing where no endpoint is asked."""
    headers: Json = one.asked.get("headers", {}) if one.truth.get("endpoint") else {}
    return headers


def _received(one: Explained, name: str) -> list[str]:
    assert one.outcome.response is not None
    headers = one.outcome.response["headers"]
    return [value for known, value in headers if known.lower() == name]


def _check_virtual_cluster(one: Explained, found: Found) -> Iterator[Checked]:
    logged = one.truth.get("virtual_cluster") or ""
    told = found.virtual_cluster_name.removesuffix(_REST)
    words = f"virtual cluster: {told!r}, Envoy {logged!r}"
    yield Checked("virtual_cluster.py", "" if told == logged else words)


def _check_headers(one: Explained, found: Found) -> Iterator[Checked]:
    if found.missing:
        return
    own = not one.truth.get("endpoint")
    rule = "direct_response_headers.py" if own else "header_mutation.py"
    for name in (*CHANGED, *(("location", "content-length") if own else ())):
        told, received = list(found.response_headers.all(name)), _received(one, name)
        if name == "content-length" and one.outcome.request["method"] == "HEAD":
            continue
        words = f"response {name}: {told}, Envoy {received}"
        yield Checked(rule, "" if told == received or (told, received) == ([], ["0"]) else words)


def _check_words(one: Explained) -> Iterator[Checked]:
    """Do by hand what the step says, and compare."""
    steps = one.of("response")
    words = steps[0].reason if steps else ""
    if "%" in words.replace("%%", "") or not one.truth.get("endpoint"):
        return
    headers = {name: [value] for name, value in _answered(one).items()}
    for _, level in itertools.groupby(_CHANGE.findall(words), key=lambda change: change[0]):
        _change(headers, [(verb, text) for _, verb, text in level])
    for name in CHANGED:
        told, received = headers.get(name, []), _received(one, name)
        if name == "content-type" and told:
            told = [",".join(filter(None, told))]  # Envoy has one value of it at most
        difference = f"words {name}: {told} by {words!r}, Envoy {received}"
        yield Checked("response_changes.py", "" if told == received else difference)


def _change(headers: dict[str, list[str]], changes: list[tuple[str, str]]) -> None:
    """Make the changes of one level, which looks at what was there before it."""
    for _, name in (change for change in changes if change[0] == "removes"):
        headers.pop(name, None)
    before = set(headers)
    for verb, text in changes:
        name, _, value = text.partition(": ")
        if verb == "adds" or (verb == "adds, if absent," and name not in before):
            headers.setdefault(name, []).append(value)
        elif verb == "sets" or (verb == "sets, if present," and name in before):
            headers[name] = [value]
