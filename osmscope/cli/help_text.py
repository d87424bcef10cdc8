"""The end of a command's help: examples, and what its exit codes mean.

Decision: click keeps lines as they are only after a backspace character, which no docstring should
hold; so what has lines of its own is an epilog, made here.
"""

from __future__ import annotations

_AS_IT_IS = "\b\n"


def examples(*commands: str) -> str:
    """Make the paragraph of a command's examples.

    Args:
        commands: Whole command lines.
    """
    return _AS_IT_IS + "\n".join(["Examples:", *(f"  {command}" for command in commands)])


def table(title: str, rows: tuple[tuple[int, str], ...], *, last: str = "") -> str:
    """Make a paragraph of numbered lines.

    Args:
        title: What stands above.
        rows: Numbers and what they mean.
        last: What stands below.
    """
    lines = [f"{title}:", *(f"  {number}  {text}" for number, text in rows)]
    return _AS_IT_IS + "\n".join([*lines, last] if last else lines)
