import pytest

from osmscope.dump.states import State


@pytest.mark.parametrize(
    ("state", "word", "serves"),
    [
        (State.STATIC, "static", True),
        (State.ACTIVE, "active", True),
        (State.WARMING, "warming", False),
        (State.DRAINING, "draining", False),
        (State.ERROR, "error", False),
    ],
)
def test_only_static_and_active_resources_decide_requests(
    state: State, word: str, serves: bool
) -> None:
    assert state == word
    assert state.serves is serves
