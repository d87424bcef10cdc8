import pytest

from osmscope.trace.update_notes import update_notes, warming_names
from tests.trace.sidecars import cluster, section, tracer

REJECTED = {"details": "no such field"}
PROXY = tracer({
    "Clusters": section(
        "Clusters",
        dynamic_active_clusters=[
            {"cluster": cluster("plain")},
            {"cluster": cluster("both")},
            {"cluster": cluster("rejected"), "error_state": REJECTED},
        ],
        dynamic_warming_clusters=[
            {"cluster": cluster("both")},
            {"cluster": cluster("new")},
            {"cluster": cluster("never"), "error_state": {}},
        ],
    )
}).proxy  # fmt: skip


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("plain", ()),
        ("", ()),
        ("unknown", ()),
        ("both", ("a newer version is warming; the previous version serves",)),
        ("new", ("it is warming; no version serves yet",)),
        (
            "rejected",
            ("the last update was rejected: no such field; the previous version serves",),
        ),
        (
            "never",
            (
                "it is warming; no version serves yet",
                "the last update was rejected: for a reason that the dump does not give;"
                " no version serves",
            ),
        ),
    ],
)
def test_what_became_of_the_last_update(name, notes):
    assert update_notes(PROXY, "cluster", name) == notes


def test_only_what_does_not_serve_at_all_counts_as_warming():
    assert warming_names(PROXY, "cluster") == ("new", "never")
