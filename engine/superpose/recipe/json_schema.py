"""JSON Schema of recipes with all installed kinds, for completion in editors; the loader stays the judge.

It keeps to the part of draft 4 that taplo and tombi both read: a tag is an ``enum`` of one, descriptions stand on the
target of a ``$ref``, whose siblings are ignored, and an open bound is said twice, since tombi reads no flags.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from superpose.estimate.decomposition import Decomposition
from superpose.estimate.reduction import REDUCTIONS
from superpose.kinds.kind import Limits
from superpose.kinds.options import Choice, Either, Form, Listed, Named, Nested, Option, Row, Scalar, options_of
from superpose.kinds.roles import ROLES
from superpose.media.fit import FITS, RESIZERS
from superpose.plugins import GROUP, Registry, load_plugins
from superpose.plugins.validate import NAME, names_of_all
from superpose.recipe.extent import Extent
from superpose.recipe.grammar import STRENGTH, VIEW_OPTIONS
from superpose.recipe.interpolation import Interpolation
from superpose.recipe.plain import plain
from superpose.recipe.subject import SUBJECTS
from superpose.recipe.sweep import SweepOptions
from superpose.recipe.tables import FIRST_KEYS, STAGE_KEYS, Run

Schema = dict[str, Any]

_TYPES = {int: "integer", float: "number", str: "string", bool: "boolean", Path: "string"}
_TEXTS = {
    "prompt": {"type": "string", "description": "What the image shows."},
    "image": {"type": "string", "description": "File of a picture that is given, instead of a prompt."},
    "negative": {"type": "string", "description": "What the image should not show, here and in what is inside."},
}


def schema(registry: Registry | None = None) -> dict[str, Any]:
    """The JSON Schema of recipes.

    Arguments:
        registry: The kinds there are; all installed ones by default.
    """
    return _Writer(registry or load_plugins()).recipe()


def shipped(registry: Registry) -> Registry:
    """Of these kinds, those that come with superpose itself."""
    ours = [
        cls
        for role in registry.roles
        for cls in registry.kinds(role).values()
        if registry.owner(cls).distribution == GROUP
    ]
    return Registry.of(*ours, name=GROUP, distribution=GROUP)


class _Writer:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.definitions: dict[str, Schema] = {}

    def recipe(self) -> Schema:
        requires = {
            "type": "array",
            "items": {"type": "string"},
            "description": "Plugins that must be installed, such as superpose-hinge>=0.3.",
        }
        roles = {role: _ref(role) for role in STAGE_KEYS}
        needed = [role for role in STAGE_KEYS if ROLES[role].required]
        run = self.table("run", Run)
        constraints = {"type": "array", "items": _ref("constraint"), "minItems": 1}
        rules = "Rules that the trajectory obeys, in order, at every stage that they can be scaled to."
        first = {role: _ref(role) for role in FIRST_KEYS}
        rest = {"constraint": constraints | {"description": rules}, **first, "run": run}
        alone = "Rules that this stage alone obeys; they take the place of the recipe's of the same kind."
        inside = {role: _ref(role) for role in roles} | {"constraint": constraints | {"description": alone}}
        stage = _closed("A further stage: it paints the subject again, larger.", inside, needed)
        stages = {"type": "array", "items": _ref("stage"), "minItems": 1}
        stages["description"] = "Further stages, each painting over the pictures of the one before."
        self.definitions["stage"] = stage
        models = _closed("Further networks that paint on the same canvas.", {}, ())
        models["patternProperties"] = {f"^{NAME.pattern}$": _ref("model")}
        keys = {"requires": requires, **roles, "models": models, **self.subject_keys()}
        keys |= {"canvas": self.table("canvas", Extent), "stage": stages, **rest}
        keys["sweep"] = self.table("sweep", SweepOptions, more={"axes": _axes()}, needed=["axes"])
        del keys["guidance_stages"]  # each stage says its own guidance of the whole image
        keys["model"] = roles["model"]  # of the whole image it is a table, and further in a name
        for role in self.registry.roles:
            self.role(role)
        self.definitions["subject"] = _closed("What an image shows.", self.subject_keys(), (), one_of=SUBJECTS)
        self.compose()
        root = _closed("A recipe of superpose.", keys, needed, one_of=SUBJECTS)
        return {"$schema": "http://json-schema.org/draft-04/schema#", **root, "definitions": self.definitions}

    def role(self, role: str, alone: bool = False) -> Schema:
        """Define what a table of a role may be: one of its kinds; ``alone``, without what a subject says beside it."""
        name = f"{role}:alone" if alone else role
        if name not in self.definitions:
            self.definitions[name] = {}
            kinds = [self.kind(role, kind, cls, alone) for kind, cls in self.registry.kinds(role).items()]
            kinds_or_none: Schema = {"oneOf": kinds} if kinds else {"not": {}}
            self.definitions[name] = {"description": ROLES[role].text} | kinds_or_none
        return _ref(name)

    def kind(self, role: str, kind: str, cls: type, alone: bool) -> Schema:
        tag: dict[str, Schema] = {"kind": {"enum": [kind], "description": _summary(cls)}}
        if alone:
            return self.table(f"{role}:{kind}:alone", cls, tag)
        if role == "view":
            more = {name: self.option(option) for name, option in VIEW_OPTIONS.items()} | self.subject_keys()
            return self.table(f"{role}:{kind}", cls, tag, more, one_of=SUBJECTS)
        if not issubclass(cls, Decomposition):
            return self.table(f"{role}:{kind}", cls, tag)
        part = {"anyOf": [{"type": "string"}, _ref("subject")]}
        parts = names_of_all(cls)
        if parts is None:
            rest = part | {"description": "What the part of that name shows: a prompt, or a table."}
            return self.table(f"{role}:{kind}", cls, tag, rest=rest)
        more = {name: part | {"description": f"What the part {name!r} shows: a prompt, or a table."} for name in parts}
        return self.table(f"{role}:{kind}", cls, tag, more, needed=parts)

    def table(
        self,
        name: str,
        cls: type,
        tag: dict[str, Schema] | None = None,
        more: dict[str, Schema] | None = None,
        needed: Iterable[str] = (),
        one_of: Iterable[str] = (),
        rest: Schema | None = None,
    ) -> Schema:
        """Define the table of a class, and refer to it; ``rest`` is what its keys of any other name are."""
        if name not in self.definitions:
            self.definitions[name] = {}  # stops a class that holds itself from being followed forever
            options = options_of(cls)
            keys = {**(tag or {}), **{option.name: self.option(option) for option in options}, **(more or {})}
            required = [*(tag or {}), *(option.name for option in options if option.required), *needed]
            self.definitions[name] = _closed(inspect.cleandoc(cls.__doc__ or ""), keys, required, one_of)
            if rest is not None:
                self.definitions[name]["additionalProperties"] = rest
        return _ref(name)

    def option(self, option: Option) -> Schema:
        out = self.form(option.form)
        items = out["items"] if option.limits.each else out
        for target in items if isinstance(items, list) else [items]:
            target.update(_range(option.limits))
        if "$ref" not in out:
            out["description"] = option.doc
            if not option.required and option.default is not None:
                out["default"] = plain(option.default)
        return out

    def form(self, form: Form) -> Schema:  # noqa: PLR0911  (one return a form)
        match form:
            case Scalar(kind):
                return {"type": _TYPES[kind]}
            case Choice(values):
                types = {_TYPES[type(value)] for value in values}
                return {"enum": list(values)} | ({"type": types.pop()} if len(types) == 1 else {})
            case Listed(item):
                return {"type": "array", "items": self.form(item)}
            case Row(items):
                inner = [self.form(item) for item in items]
                return {"type": "array", "items": inner, "minItems": len(inner), "maxItems": len(inner)}
            case Nested(cls):
                return self.table(f"table:{cls.__module__}.{cls.__name__}", cls)
            case Named(role):
                return self.role(role, alone=ROLES[role].shows)
            case Either(forms):
                return {"anyOf": [self.form(inner) for inner in forms]}

    def compose(self) -> None:
        """Define a composition and its terms."""
        term = {"weight": self.option(STRENGTH), **self.subject_keys()}
        self.definitions["compose:term"] = _closed("A subject of a composition, with its weight.", term, (), SUBJECTS)
        items = {"anyOf": [{"type": "string"}, _ref("compose:term")]}
        terms = {"type": "array", "items": items, "minItems": 1}
        lists = {
            "and": terms | {"description": "What the image shows, all of it: prompts, and tables with a weight."},
            "not": terms | {"description": "What the image does not show: prompts, and tables with a weight."},
        }
        self.definitions["compose"] = _closed("What the image shows at once (AND) and does not (NOT).", lists, ["and"])

    def subject_keys(self) -> dict[str, Schema]:
        views = {"type": "array", "items": _ref("view"), "minItems": 1}
        stages = {"type": "array", "items": {"type": "integer"}}
        where = "Numbers of the stages at which the guidance here holds; all of them when absent."
        return {
            "model": {"type": "string", "description": "Name of the network that paints it: one of [models.NAME]."},
            **_TEXTS,
            "interpolate": self.table("interpolate", Interpolation),
            "guidance": _ref("guidance"),
            "guidance_stages": stages | {"description": where},
            "fit": {
                "enum": list(FITS),
                "description": "What to do with an image of another size; exact if absent.",
            },
            "resizer": {"enum": list(RESIZERS), "description": "What scales the image then; lanczos if absent."},
            "reduction": {"enum": list(REDUCTIONS), "description": "How views become one image; the mean if absent."},
            "view": views | {"description": "Views of the image, each with what it shows."},
            "decomposition": _ref("decomposition"),
            "compose": _ref("compose"),
        }


def _axes() -> Schema:
    """The axes of a sweep: any key of a recipe, with what it takes in turn."""
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
    of_range = _closed("Numbers from the first to the second, without it, with a step.", {"range": numbers}, ["range"])
    of_files = _closed("Lines of a .txt, or files that a pattern fits.", {"files": {"type": "string"}}, ["files"])
    axis: Schema = {"anyOf": [{"type": "array", "minItems": 1}, of_range, of_files]}
    text = 'Keys of the recipe in quotes, each with its values: a list, {range = [0, 100]} or {files = "*.png"}.'
    return {"type": "object", "description": text, "additionalProperties": axis, "minProperties": 1}


def _range(limits: Limits) -> Schema:
    """The bounds of a number or the choices of a value; draft 4 has open bounds as a flag beside the bound."""
    out: Schema = {}
    if limits.choices is not None:
        out["enum"] = list(limits.choices)
    outside = []
    bounds = (("minimum", "maximum", limits.ge, limits.gt), ("maximum", "minimum", limits.le, limits.lt))
    for bound, other, closed, opened in bounds:
        if closed is not None:
            out[bound] = closed
        elif opened is not None:
            out |= {bound: opened, f"exclusive{bound.capitalize()}": True}
            outside.append({"type": "number", other: opened})
    # tombi 1.9 knows open bounds as numbers only, as later drafts write them, and those taplo calls no schema at all.
    if outside:
        out["not"] = outside[0] if len(outside) == 1 else {"anyOf": outside}
    return out


def _summary(cls: type) -> str:
    """The first paragraph of the manual, on one line."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _closed(doc: str, keys: dict[str, Schema], required: Iterable[str], one_of: Iterable[str] = ()) -> Schema:
    """A table with these keys and no others."""
    body: Schema = {"type": "object", "description": doc, "properties": keys, "additionalProperties": False}
    if needed := list(required):
        body["required"] = needed
    if choices := [{"required": [key]} for key in one_of]:
        body["oneOf"] = choices
    return body
