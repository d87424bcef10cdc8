"""Early header mutations, as Envoy 1.40.0 runs them."""

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.early_header_mutation import mutate_early
from osmscope.rules.facts import Connection, Headers, Request

KIND = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"


def test_extensions_run_in_order_and_unknown_ones_are_assumptions() -> None:
    mutations = [{"append": {"header": {"key": "x", "value": "1"}}}, {"remove": "y"}]
    known = {"@type": f"type.googleapis.com/{KIND}", "mutations": mutations}
    extensions = [{"name": "known", "typed_config": known}, {"name": "mine"}]
    body = msgspec.json.encode({"early_header_mutation_extensions": extensions})
    manager = msgspec.json.decode(body, type=HttpConnectionManager)
    request = Request(connection=Connection(), headers=Headers.of([("y", "2"), ("z", "3")]))
    changed, assumptions = mutate_early(manager, request)
    assert changed.headers == Headers.of([("z", "3"), ("x", "1")])
    assert assumptions == ('the early header mutation "mine" changes nothing',)
