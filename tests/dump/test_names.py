import pytest
import re2

from osmscope.dump.names import are_too_many, patterns


@pytest.mark.parametrize(
    "name",
    ["a", "ns/svc|14001", "a.b", "a+b*(c)[d]{e}^$\\", "outbound|80||*.x", "ü", "a b\n", "-", "#&~"],
)
def test_a_pattern_fits_its_names_and_nothing_else(name: str) -> None:
    ((names, pattern),) = patterns([name, "other"])
    fits = re2.compile(pattern).fullmatch
    assert names == (name, "other")
    assert fits(name)
    assert fits("other")
    assert fits("")
    assert not fits(name + "x")
    assert not fits("x" + name)
    assert not fits(name.replace(".", "x") + "y")


def test_many_names_are_several_patterns_that_re2_takes() -> None:
    names = [f"namespace-{number % 100}/service-{number}|14001" for number in range(1000)]
    found = list(patterns(names))
    assert [name for part, _ in found for name in part] == names
    assert len(found) > 5
    for part, pattern in found:
        assert len(pattern) < 5000
        assert re2.compile(pattern).fullmatch(part[-1])


def test_no_names_are_no_pattern() -> None:
    assert list(patterns([])) == []


def test_from_some_size_on_all_there_is_is_asked_for() -> None:
    assert not are_too_many(["a" * 30] * 1000)
    assert are_too_many(["a" * 30] * 2000)
