"""Keys of recipes that have a new name: the old one is refused, and told the new."""

from __future__ import annotations

#: A table and its old key, and the key to write instead.
RENAMED = {
    ("run", "rows"): "batch_size",
    ("run", "batch"): "at_once",
}


def renamed(path: tuple[str | int, ...]) -> str | None:
    """The new name of the key at ``path``; None where it never had another."""
    table = next((key for key in reversed(path[:-1]) if isinstance(key, str)), "")
    return RENAMED.get((table, str(path[-1])))
