from __future__ import annotations

import json

import pytest
import yaml

NAMES = "configs[].dynamic_active_clusters[].cluster.{name: name, type: type}"


def test_an_expression_is_asked_of_the_dump(osmscope, bookbuyer):
    found = json.loads(osmscope("query", NAMES, bookbuyer).out)
    assert {"name": "bookstore/bookstore-v1|14001", "type": "EDS"} in found
    assert yaml.safe_load(osmscope("query", NAMES, bookbuyer, "-o", "yaml").out) == found
    lines = osmscope("query", NAMES, bookbuyer, "-o", "table").out.splitlines()
    assert lines[0].split() == ["NAME", "TYPE"]
    assert len(lines) == len(found) + 1


def test_nothing_found_is_null(osmscope, bookbuyer):
    assert osmscope("query", "nonsense", bookbuyer).out == "null\n"


@pytest.mark.parametrize("expression", ["a[", "", "length(configs, 1)", "nonsense(@)", "abs('a')"])
def test_a_wrong_expression_is_one_line(osmscope, bookbuyer, expression):
    done = osmscope("query", expression, bookbuyer)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "jmespath.org" in done.err


def test_what_is_not_json_is_an_error(osmscope, tmp_path):
    path = tmp_path / "x"
    path.write_text("{")
    assert "not JSON" in osmscope("query", "a", path).err
