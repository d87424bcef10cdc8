"""The mesh that comes with osmscope."""

from osmscope.source.demo import demo_folder
from osmscope.source.snapshot import open_snapshot


def test_the_demo_is_a_mesh_of_seven_sidecars() -> None:
    assert len(open_snapshot(str(demo_folder())).pods) == 7
