"""Writing recipes: the canonical TOML of a recipe as it runs, with every option written out."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import tomli_w

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from superpose.recipe.tables import Recipe


def dumps(recipe: Recipe, paths: Callable[[Path], str] = PurePath.as_posix) -> str:
    """The recipe as TOML: defaults included, ``kind`` first, equal text for equal recipes.

    Reading it again gives an equal recipe, wherever it is read, as long as its files are where they were.

    Arguments:
        recipe: What to write.
        paths: How a file's path is written; absolute by default.
    """
    return tomli_w.dumps(recipe.table(paths))
