"""The mesh that comes with osmscope: dumps of real sidecars, to try it on.

An installed package holds it; a checkout has it in its own folder of fixtures.
"""

from pathlib import Path

NAME = "demo"
"""What a user types in place of a folder."""


def demo_folder() -> Path:
    """Return the folder of the mesh that comes with osmscope."""
    package = Path(__file__).parents[1]
    installed = package / "fixtures" / "bookstore"
    return installed if installed.is_dir() else package.parent / "fixtures" / "bookstore"
