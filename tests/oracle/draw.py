"""Draws, from one seed: the same seed draws the same cases."""

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class Draw(random.Random):
    """A random number generator with the draws that configurations need."""

    def maybe(self, probability: float = 0.5) -> bool:
        """Toss a coin."""
        return self.random() < probability

    def some(self, items: Sequence[T], least: int = 0, most: int = 3) -> list[T]:
        """Take a few, in random order, each at most once."""
        return self.sample(items, self.randint(least, min(most, len(items))))

    def several(self, make: Callable[[], T], least: int = 1, most: int = 3) -> list[T]:
        """Make a few."""
        return [make() for _ in range(self.randint(least, most))]

    def fields(self, probability: float, **makers: Callable[[], Any]) -> dict[str, Any]:
        """Set each of the fields with a probability."""
        return {name: make() for name, make in makers.items() if self.maybe(probability)}

    def one(self, **makers: Callable[[], Any]) -> dict[str, Any]:
        """Set exactly one of the fields."""
        name = self.choice(list(makers))
        return {name: makers[name]()}
