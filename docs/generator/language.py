"""The page of the recipe language: every table with every key that is the grammar's own."""

from __future__ import annotations

from generator.prose import cell, fenced, key_table
from superpose.kinds.roles import ROLES, Role
from superpose.plugins import Registry
from superpose.recipe.language import Key, Table, language

_INTRO = """\
A recipe is a TOML file. It names a model and a scheduler, and says what the image shows: exactly one of `prompt`,
`[[view]]`, `[decomposition]` and `[compose]`. Any of the four may stand where a prompt stands, so that a view may show
a hybrid, and a part of a hybrid an anagram."""

_WHOLE = """\
[model]
kind = "glyphs"

[scheduler]
kind = "ddim"
steps = 50

[guidance]
kind = "cfg"
scale = 5.0

[[view]]
kind = "identity"
prompt = "A"

[[view]]
kind = "rotate"
degrees = 180
prompt = "V"

[run]
samples = 8
seed = 0"""

_ROLES = """\
Each of these tables has `kind`, the name of one of the kinds on its page, and the options of that kind, which the page
lists. Tables may also be written on the line of their key: `guidance = {kind = "cfg", scale = 9.0}`."""

_TOOLS = """\
`superpose check RECIPE` finds all mistakes at once, with their lines. `superpose run RECIPE --set view.1.prompt=W`
changes a key for one run. `superpose kinds KIND` prints what is known of a kind, and `superpose schema` writes all of
this as a JSON schema for editors."""


def page(registry: Registry) -> str:
    """Every table of the language; the options of kinds are on the pages of their roles."""
    rows = [
        f"| `{_header(role)}` | {cell(role.text)} | [{role.title}]({role.name}.md) |"
        for role in map(ROLES.__getitem__, registry.roles)
    ]
    roles = "\n".join(["| table | meaning | kinds |", "|---|---|---|", *rows])
    parts = ["# The recipe language", _INTRO, fenced("toml", _WHOLE), _TOOLS, "## Tables with a kind", _ROLES, roles]
    return "\n\n".join([*parts, *map(_table, language(registry))]) + "\n"


def _header(role: Role) -> str:
    if not role.in_recipe:  # options of other kinds name it
        return role.name
    return f"[[{role.name}]]" if role.many else f"[{role.name}]"


def _table(table: Table) -> str:
    heading = f"`{table.heading}`" if table.heading.startswith("[") else table.heading
    parts = [f"## {heading}", table.text, key_table(table.keys)]
    return "\n\n".join([*parts, *(_example(key) for key in table.keys if key.example)])


def _example(key: Key) -> str:
    return f"`{key.name}`:\n\n" + fenced("toml", key.example)
