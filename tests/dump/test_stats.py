import json

import pytest

from osmscope.dump.stats import read_counters
from osmscope.errors import DumpError

TEXT = b"""cluster.a.upstream_rq_total: 3
cluster.a: b.x: 4
cluster.a.upstream_cx_length_ms: P0(nan,1) P50(nan,2)
http.x.version_text: "7: 8"

"""
JSON = json.dumps(
    {
        "stats": [
            {"name": "cluster.a.upstream_rq_total", "value": 3},
            {"name": "cluster.a: b.x", "value": 4},
            {"name": "http.x.version_text", "value": "7"},
            {"histograms": {"supported_quantiles": [0]}},
        ]
    }
).encode()
WANTED = {"cluster.a.upstream_rq_total", "cluster.a: b.x", "http.x.version_text", "absent",
          "cluster.a.upstream_cx_length_ms"}  # fmt: skip


@pytest.mark.parametrize("data", [TEXT, JSON], ids=["text", "JSON"])
def test_the_counters_that_are_wanted_are_read(data: bytes) -> None:
    found = read_counters(data, WANTED, where="x")
    assert found == {"cluster.a.upstream_rq_total": 3, "cluster.a: b.x": 4}


def test_nothing_is_nothing() -> None:
    assert read_counters(b"", WANTED, where="x") == {}


@pytest.mark.parametrize("data", [b"<html>", b'{"configs": []}', b'{"stats": 1}', b'{"stats": ['])
def test_what_is_no_answer_of_stats_is_told(data: bytes) -> None:
    with pytest.raises(DumpError, match=r"not (an|the) answer of /stats") as caught:
        read_counters(data, WANTED, where="x")
    assert caught.value.where == "x"
