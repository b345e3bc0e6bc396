"""The page of the recipe language, made from the schema: every table with every key."""

from __future__ import annotations

from generator.prose import cell, fenced
from superpose.plugins import Registry
from superpose.recipe.language import Key, Table, language

_HEAD = "| key | value | default | meaning |\n|---|---|---|---|"


def page(registry: Registry) -> str:
    """Every table whose keys are the grammar's own; the options of kinds are on the pages of their roles."""
    intro = (
        "A recipe is a TOML file. What an image shows is one of `prompt`, `[[view]]` and `[decomposition]`, and each "
        "of them may stand where a prompt stands. The options of a kind are on the page of its role; "
        "`superpose schema` writes all of this as a JSON schema for editors."
    )
    return "\n\n".join(["# The recipe language", intro, *map(_table, language(registry))]) + "\n"


def _table(table: Table) -> str:
    rows = [f"| `{key.name}` | {cell(key.value)} | {cell(key.default)} | {cell(key.text)} |" for key in table.keys]
    parts = [
        f"## {table.heading}",
        table.text,
        "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows]),
    ]
    return "\n\n".join([*parts, *(_example(key) for key in table.keys if key.example)])


def _example(key: Key) -> str:
    return f"`{key.name}`:\n\n" + fenced("toml", key.example)
