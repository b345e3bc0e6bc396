"""Keys of recipes that have a new name: the old one is read as the new, and whoever runs the recipe is told.

They are read for the sake of pictures: each holds the recipe that made it, and is replayed for as long as it is kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING

from superpose.errors import Notice

if TYPE_CHECKING:
    from superpose.recipe.where import KeyPath, TomlTable

#: A table and its old key, and the key to write instead.
RENAMED = {
    ("run", "rows"): "batch_size",
    ("run", "batch"): "at_once",
    ("decomposition", "gray"): "grey",
}


def renamed(table: TomlTable, path: KeyPath, known: Collection[str]) -> TomlTable:
    """The table at ``path`` with its old keys under their new names, where the table has ``known`` keys of these names.

    A key that is there under both names is left alone.
    """
    owner = next((key for key in reversed(path) if isinstance(key, str)), "")
    moved = {
        old: new
        for (mine, old), new in RENAMED.items()
        if mine == owner and old in table and new not in table and new in known and old not in known
    }
    for old, new in moved.items():
        warnings.warn(f"{owner}.{old} is called {owner}.{new} now: write that instead", Notice, stacklevel=2)
    return {moved.get(key, key): value for key, value in table.items()}
