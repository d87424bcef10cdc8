"""The families of cases, and cases drawn from them in turn."""

from collections.abc import Callable

from tests.oracle.case import Case
from tests.oracle.draw import Draw
from tests.oracle.families.chains import draw_chains

FAMILIES: dict[str, Callable[[Draw], Case]] = {"chains": draw_chains}
