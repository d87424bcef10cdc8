from __future__ import annotations

import json
import shlex

import pytest

V1 = "bookstore/bookstore-v1|14001"


def test_the_command_that_is_printed_reaches_the_resource(osmscope):
    done = osmscope("witness", "bookbuyer", "cluster", V1, "--from", "demo")
    assert (done.code, done.err) == (0, "")
    assert done.out == "osmscope trace bookbuyer --from demo bookstore.bookstore:14001\n"
    traced = osmscope(*shlex.split(done.out)[1:], "-o", "jsonl")
    assert traced.code == 0
    assert V1 in {outcome["cluster"] for outcome in json.loads(traced.out)["outcomes"]}


def test_a_resource_that_nothing_can_reach_is_told_with_the_reason(osmscope):
    done = osmscope("witness", "bookbuyer", "clusters", "osm-controller", "--from", "demo")
    assert done.code == 1
    assert done.out == (
        '✗ no request can reach cluster "osm-controller": no route and no tcp_proxy leads to'
        ' cluster "osm-controller"\n'
    )


def test_the_answer_for_programs(osmscope):
    done = osmscope("witness", "bookbuyer", "cluster", V1, "--from", "demo", "-o", "json")
    assert json.loads(done.out) == {
        "schema": 1,
        "resource": f'cluster "{V1}"',
        "found": True,
        "command": "osmscope trace bookbuyer --from demo bookstore.bookstore:14001",
        "request": {"host": "bookstore.bookstore:14001", "dst_port": 14001},
        "ends": None,
    }
    done = osmscope("witness", "bookbuyer", "cluster", "osm-controller", "--from", "demo",
                    "-o", "json")  # fmt: skip
    assert done.code == 1
    document = json.loads(done.out)
    assert (document["found"], document["proven"], document["tried"]) == (False, True, 0)


def _dump(tmp_path, *routes):
    from tests.trace.sidecars import chain, host, listener, manager, sections, table

    body = listener(chain(manager(table(host("h", ["a.com"], *routes)))))
    path = tmp_path / "config_dump.json"
    path.write_text(json.dumps({"configs": list(sections([body]).values())}))
    return path


def test_a_request_that_ends_there_says_why(osmscope, tmp_path):
    from tests.trace.sidecars import route

    path = _dump(tmp_path, route("nowhere"))
    done = osmscope("witness", path, "route", "h#0")
    assert done.code == 0
    assert done.out.startswith("osmscope trace ")
    assert "ends there: Envoy answers 503" in done.err


def test_that_none_was_found_is_no_proof(osmscope, tmp_path):
    from tests.trace.sidecars import route

    metadata = {"filter": "x", "path": [{"key": "k"}], "value": {"present_match": True}}
    path = _dump(tmp_path, route(match={"dynamic_metadata": [metadata]}))
    done = osmscope("witness", path, "route", "h#0")
    assert done.code == 3
    assert done.out.startswith('? no request was found that reaches route #0 of virtual host "h": ')


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a"], "expected SOURCE KIND NAME, not a"),
        (["x", "pod", "y"], "'pod' is no kind of resource"),
        (["bookbuyer", "route", "y", "--from", "demo"], "no route named 'y'"),
    ],
)
def test_what_cannot_be_asked_is_an_error_of_one_line(osmscope, arguments, words):
    done = osmscope("witness", *arguments)
    assert done.code == 2
    assert done.err.startswith("osmscope: ")
    assert words in done.err
    assert done.err.count("\n") == 1
