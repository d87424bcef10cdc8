from __future__ import annotations

import json

import networkx
import pytest


def test_node_link_json_is_what_networkx_reads(osmscope, bookbuyer):
    document = json.loads(osmscope("graph", bookbuyer, "-o", "json").out)
    graph = networkx.node_link_graph(document, edges="links")
    assert isinstance(graph, networkx.DiGraph)
    assert "listener:outbound-listener" in graph


@pytest.mark.parametrize(
    ("form", "first"),
    [("dot", "digraph osmscope {"), ("mermaid", "flowchart LR"), ("tree", "listener: ")],
)
def test_each_form_is_written(osmscope, bookbuyer, form, first):
    done = osmscope("graph", bookbuyer, "-o", form)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(first)


def test_the_drawing_repeats_no_subtree(osmscope, bookbuyer):
    done = osmscope("graph", bookbuyer)
    assert any(line.endswith("↑") for line in done.out.splitlines())


def test_with_a_target_it_is_the_traced_path(osmscope, bookbuyer):
    done = osmscope("graph", bookbuyer, "bookstore.bookstore:14001/nope", "-o", "mermaid")
    assert "filter chain: outbound_bookstore/bookstore_14001_http" in done.out
    assert "mysql" not in done.out


def test_two_targets_are_refused(osmscope, bookbuyer):
    assert osmscope("graph", bookbuyer, "a", "b").code == 2
