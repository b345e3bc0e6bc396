"""The language of recipes, table by table: every key with its value, default, meaning and an example.

All of it is read off the JSON Schema; here are only the examples, and the order. The reference and ``superpose kinds``
print it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from superpose.kinds.roles import ROLES
from superpose.plugins import Registry
from superpose.recipe.json_schema import schema

_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "a table",
}

#: An example of each key: a piece of a recipe, which names kinds of the distribution only.
EXAMPLES: dict[str, str] = {
    "recipe.requires": 'requires = ["superpose>=0.1"]',
    "recipe.model": '[model]\nkind = "glyphs"',
    "recipe.scheduler": '[scheduler]\nkind = "ddim"\nsteps = 50',
    "recipe.guidance": '[guidance]\nkind = "cfg"\nscale = 5.0',
    "recipe.clip": '[clip]\nkind = "dynamic"\nratio = 0.995',
    "recipe.prompt": 'prompt = "A"',
    "recipe.negative": 'prompt = "A"\nnegative = "R"',
    "recipe.view": '[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"',
    "recipe.decomposition": '[decomposition]\nkind = "hybrid"\nlow = "A"\nhigh = "S"',
    "recipe.stage": 'prompt = "A"\n\n[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim"}',
    "recipe.constraint": '[[constraint]]\nkind = "inpaint"\nimage = "letter.png"\nmask = "mask.png"',
    "recipe.run": "[run]\nsamples = 8\nseed = 0",
    "view.weight": '[[view]]\nkind = "identity"\nweight = 2.0\nprompt = "A"',
    "view.prompt": '[[view]]\nkind = "identity"\nprompt = "A"',
    "view.negative": '[[view]]\nkind = "identity"\nprompt = "A"\nnegative = "R"',
    "view.guidance": '[[view]]\nkind = "identity"\nprompt = "A"\nguidance = {kind = "cfg", scale = 9.0}',
    "view.guidance_stages": (
        '[[view]]\nkind = "identity"\nprompt = "A"\nguidance = {kind = "cfg", scale = 9.0}\nguidance_stages = [0]'
    ),
    "view.view": '[[view]]\nkind = "flip"\nview = [{kind = "rotate", degrees = 90, prompt = "A"}]',
    "view.decomposition": ('[[view]]\nkind = "flip"\ndecomposition = {kind = "hybrid", low = "A", high = "S"}'),
    "stage.model": '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim"}',
    "stage.scheduler": '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim", steps = 20}',
    "stage.guidance": (
        '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim"}\nguidance = {kind = "cfg"}'
    ),
    "stage.clip": '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim"}\nclip = {kind = "none"}',
    "stage.constraint": (
        '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim"}\n\n'
        '[[stage.constraint]]\nkind = "inpaint"\nimage = "large.png"\nmask = "large-mask.png"'
    ),
}


@attrs.frozen
class Key:
    """One key of a table.

    Attributes:
        name: The key.
        value: What may be written, with its range.
        default: What holds where it is absent, or that it must be there.
        text: What it means.
        example: A piece of a recipe that has it; empty where the table's own example shows it.
    """

    name: str
    value: str
    default: str
    text: str
    example: str = ""


@attrs.frozen
class Table:
    """One table of the language: its heading in a recipe, its meaning, and its keys in order."""

    heading: str
    text: str
    keys: tuple[Key, ...]


def language(registry: Registry | None = None) -> tuple[Table, ...]:
    """Every table whose keys are the grammar's own, from the recipe to ``[run]``.

    Arguments:
        registry: The kinds there are; all installed ones by default.
    """
    written = schema(registry)
    defined = written["definitions"]
    stage = _keys(defined["stage"], "stage", defined)
    return (
        Table("the recipe", written["description"], _keys(written, "recipe", defined)),
        Table("[[view]], beside the options of its kind", ROLES["view"].text, beside("view", registry)),
        Table("a part of a [decomposition], and any other subject", *_subject(defined)),
        Table("[[stage]]", defined["stage"]["description"], stage),
        Table("[run]", defined["run"]["description"], _keys(defined["run"], "run", defined)),
    )


def beside(role: str, registry: Registry | None = None) -> tuple[Key, ...]:
    """The keys that the grammar puts beside the options of every kind of a role; none for most roles."""
    defined = schema(registry)["definitions"]
    tables = [defined[ref["$ref"].rpartition("/")[2]] for ref in defined[role].get("oneOf", ())]
    if not ROLES[role].many or not ROLES[role].in_subject or not tables:
        return ()
    shared = set.intersection(*(set(table["properties"]) for table in tables)) - {"kind"}
    first = tables[0]["properties"]
    return _keys({"properties": {name: first[name] for name in first if name in shared}}, role, defined)


def _subject(defined: Mapping[str, Any]) -> tuple[str, tuple[Key, ...]]:
    table = defined["subject"]
    return table["description"], _keys(table, "view", defined)


def _keys(table: Mapping[str, Any], name: str, defined: Mapping[str, Any]) -> tuple[Key, ...]:
    needed = table.get("required", ())
    return tuple(_key(key, said, key in needed, f"{name}.{key}", defined) for key, said in table["properties"].items())


def _key(name: str, said: Mapping[str, Any], needed: bool, place: str, defined: Mapping[str, Any]) -> Key:
    target = said
    if "$ref" in said:
        target = defined[said["$ref"].rpartition("/")[2]]
    default = "required" if needed else f"default {said['default']!r}" if "default" in said else "absent by default"
    return Key(name, _value(name, said, target), default, str(target.get("description", "")), EXAMPLES.get(place, ""))


def _value(name: str, said: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    """What may be written, in words."""
    if "$ref" in said:
        return f"a table [{name}]"
    if "enum" in said:
        return "one of " + ", ".join(map(str, said["enum"]))
    if said["type"] == "array":
        inner = said["items"]
        return f"tables [[{name}]]" if "$ref" in inner else f"a list of {_TYPES[inner['type']].removeprefix('a ')}s"
    bounds = [
        f"{'>' if said.get(flag) else '>='} {said['minimum']}" for flag in ("exclusiveMinimum",) if "minimum" in said
    ] + [f"{'<' if said.get(flag) else '<='} {said['maximum']}" for flag in ("exclusiveMaximum",) if "maximum" in said]
    return ", ".join([_TYPES[target["type"]], " and ".join(bounds)] if bounds else [_TYPES[target["type"]]])
