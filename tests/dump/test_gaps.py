from osmscope.dump.gaps import Gap


def test_a_gap_is_a_value() -> None:
    assert Gap("a", "b") == Gap("a", "b")
    assert len({Gap("a", "b"), Gap("a", "b"), Gap("a", "c")}) == 2
