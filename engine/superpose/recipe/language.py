"""The language of recipes, table by table: every key with its value, default, meaning and an example.

All of it is read off the JSON Schema and the options of kinds; here are only the examples, and the order. The
reference and ``superpose kinds`` print it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from superpose.kinds.kind import Kind
from superpose.kinds.options import Either, Form, Listed, Nested, Option, options_of
from superpose.kinds.roles import ROLES
from superpose.plugins import Registry
from superpose.recipe.extent import Extent
from superpose.recipe.grammar import STRENGTH, VIEW_OPTIONS
from superpose.recipe.interpolation import Interpolation
from superpose.recipe.json_schema import schema
from superpose.recipe.plain import inline, plain
from superpose.recipe.sweep import SweepOptions
from superpose.recipe.tables import Run

_STAGE = '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim"}'
_VIEW = '[[view]]\nkind = "identity"\nprompt = "A"'
_BETWEEN = 'interpolate = {to = "O", mix = 0.25}'
_TWO_VIEWS = f'{_VIEW}\n\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"'
_PART = '[decomposition]\nkind = "hybrid"\nhigh = "S"\n\n[decomposition.low]'

_SWEEP = 'prompt = "A"\n\n[guidance]\nkind = "cfg"\n\n[sweep]\n'
_AXES = '\n[sweep.axes]\n"guidance.scale" = [2, 4, 8]\n"run.seed" = {range = [0, 3]}'

_WIDE = "[canvas]\nsize = [32, 96]"
_PANORAMA = '[[view]]\nkind = "panorama"\nprompt = "A"'

_BESIDE = "Beside `kind` and the options of that kind, each has these keys."
_PARTS = 'Each part of the decomposition is a key, and shows a prompt, such as `low = "A"`, or a table with these keys.'
_TERMS = "Each is a prompt, or a table with these keys."
_LISTS = {"string": "a list of texts", "integer": "a list of whole numbers"}
_TEXT = "text"

#: A piece of a recipe for each key, as TABLE.KEY; it names kinds of the distribution only.
EXAMPLES: dict[str, str] = {
    "recipe.requires": 'requires = ["superpose>=0.1"]',
    "recipe.model": '[model]\nkind = "glyphs"',
    "recipe.models": (
        '[models.faces]\nkind = "glyphs-diffae"\n\n[[view]]\nkind = "identity"\nprompt = "A"\n\n'
        '[[view]]\nkind = "rotate"\nmodel = "faces"\nprompt = ""'
    ),
    "recipe.scheduler": '[scheduler]\nkind = "ddim"\nsteps = 50',
    "recipe.guidance": '[guidance]\nkind = "cfg"\nscale = 5.0',
    "recipe.clip": '[clip]\nkind = "dynamic"\nratio = 0.995',
    "recipe.prompt": 'prompt = "A"',
    "recipe.interpolate": f'prompt = "A"\n{_BETWEEN}',
    "recipe.image": 'image = "letter.png"',
    "recipe.fit": 'image = "letter.png"\nfit = "cover"',
    "recipe.resizer": 'image = "letter.png"\nfit = "contain"\nresizer = "box"',
    "recipe.negative": 'prompt = "A"\nnegative = "R"\n\n[guidance]\nkind = "cfg"',
    "recipe.reduction": (
        f'reduction = "alternate"\n\n{_VIEW}\n\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"'
    ),
    "recipe.view": f'{_VIEW}\n\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"',
    "recipe.decomposition": '[decomposition]\nkind = "hybrid"\nlow = "A"\nhigh = "S"',
    "recipe.compose": '[compose]\nand = ["A", {prompt = "colour A", weight = 2.0}]\nnot = ["R"]',
    "recipe.canvas": f"{_WIDE}\n\n{_PANORAMA}",
    "canvas.size": f"{_WIDE}\n\n{_PANORAMA}",
    "canvas.count": (
        '[canvas]\ncount = 2\n\n[[view]]\nkind = "canvas"\nnumber = 0\nof = 2\nprompt = "A"\n\n'
        '[[view]]\nkind = "canvas"\nnumber = 1\nof = 2\nprompt = "V"'
    ),
    "recipe.stage": f'prompt = "A"\n\n{_STAGE}',
    "recipe.constraint": '[[constraint]]\nkind = "inpaint"\nimage = "letter.png"\nmask = "mask.png"',
    "recipe.population": ('[population]\nkind = "fk-steering"\nsize = 8\nclassifier = {kind = "glyphs-classifier"}'),
    "recipe.medium": '[medium]\nkind = "spectrogram"',
    "recipe.run": "[run]\nsamples = 8\nseed = 0",
    "view.weight": f"{_VIEW}\nweight = 2.0",
    "view.start": f"{_TWO_VIEWS}\nstart = 0.2",
    "view.stop": f"{_TWO_VIEWS}\nstop = 0.6",
    "view.lift": f'reduction = "superdiff-and"\n\n{_TWO_VIEWS}\nlift = 20.0',
    "view.prompt": _VIEW,
    "view.interpolate": f'[[view]]\nkind = "identity"\nprompt = "A"\n{_BETWEEN}',
    "view.image": '[[view]]\nkind = "identity"\nimage = "letter.png"',
    "view.model": (
        f'{_VIEW}\n\n[[view]]\nkind = "rotate"\nmodel = "faces"\nprompt = ""\n\n[models.faces]\nkind = "glyphs-diffae"'
    ),
    "view.fit": '[[view]]\nkind = "identity"\nimage = "letter.png"\nfit = "cover"',
    "view.resizer": '[[view]]\nkind = "identity"\nimage = "letter.png"\nfit = "contain"\nresizer = "box"',
    "view.negative": f'{_VIEW}\nnegative = "R"\nguidance = {{kind = "cfg"}}',
    "view.guidance": f'{_VIEW}\nguidance = {{kind = "cfg", scale = 9.0}}',
    "view.guidance_stages": f'{_VIEW}\nguidance = {{kind = "cfg"}}\nguidance_stages = [0]',
    "view.reduction": (
        '[[view]]\nkind = "flip"\nreduction = "keep-variance"\n'
        'view = [{kind = "identity", prompt = "A"}, {kind = "rotate", prompt = "V"}]'
    ),
    "view.view": '[[view]]\nkind = "flip"\nview = [{kind = "rotate", degrees = 90, prompt = "A"}]',
    "view.decomposition": '[[view]]\nkind = "flip"\ndecomposition = {kind = "hybrid", low = "A", high = "S"}',
    "view.compose": '[[view]]\nkind = "flip"\ncompose = {and = ["A", "V"]}',
    "part.prompt": f'{_PART}\nprompt = "A"',
    "part.interpolate": f'{_PART}\nprompt = "A"\n{_BETWEEN}',
    "part.image": f'{_PART}\nimage = "letter.png"',
    "part.fit": f'{_PART}\nimage = "letter.png"\nfit = "cover"',
    "part.resizer": f'{_PART}\nimage = "letter.png"\nfit = "stretch"\nresizer = "box"',
    "part.model": f'{_PART}\nmodel = "faces"\nprompt = ""\n\n[models.faces]\nkind = "glyphs-diffae"',
    "part.negative": f'{_PART}\nprompt = "A"\nnegative = "R"\nguidance = {{kind = "cfg"}}',
    "part.guidance": f'{_PART}\nprompt = "A"\nguidance = {{kind = "cfg", scale = 9.0}}',
    "part.guidance_stages": f'{_PART}\nprompt = "A"\nguidance = {{kind = "cfg"}}\nguidance_stages = [0]',
    "part.reduction": (
        f'{_PART}\nreduction = "alternate"\n'
        'view = [{kind = "identity", prompt = "A"}, {kind = "rotate", prompt = "V"}]'
    ),
    "part.view": f'{_PART}\nview = [{{kind = "identity", prompt = "A"}}, {{kind = "rotate", prompt = "V"}}]',
    "part.decomposition": f'{_PART}\ndecomposition = {{kind = "colour", grey = "A", colour = "O"}}',
    "part.compose": f'{_PART}\ncompose = {{and = ["A", "V"]}}',
    "compose.and": '[compose]\nand = ["A", "V"]',
    "compose.not": '[compose]\nand = ["A"]\nnot = [{prompt = "V", weight = 0.5}]',
    "term.weight": '[compose]\nand = ["A", {prompt = "V", weight = 0.5}]',
    "term.prompt": '[compose]\nand = [{prompt = "A"}]',
    "term.interpolate": '[compose]\nand = ["V", {prompt = "A", interpolate = {to = "O", mix = 0.25}}]',
    "term.image": '[compose]\nand = ["A", {image = "letter.png"}]',
    "term.fit": '[compose]\nand = ["A", {image = "letter.png", fit = "cover"}]',
    "term.resizer": '[compose]\nand = ["A", {image = "letter.png", fit = "cover", resizer = "box"}]',
    "term.model": ('[compose]\nand = ["A", {prompt = "", model = "faces"}]\n\n[models.faces]\nkind = "glyphs-diffae"'),
    "term.negative": '[compose]\nand = [{prompt = "A", negative = "R", guidance = {kind = "cfg"}}]',
    "term.guidance": '[compose]\nand = ["A", {prompt = "V", guidance = {kind = "cfg", scale = 9.0}}]',
    "term.guidance_stages": '[[compose.and]]\nprompt = "A"\nguidance = {kind = "cfg"}\nguidance_stages = [0]',
    "term.reduction": (
        '[[compose.and]]\nreduction = "alternate"\n'
        'view = [{kind = "identity", prompt = "A"}, {kind = "rotate", prompt = "V"}]'
    ),
    "term.view": '[[compose.and]]\nview = [{kind = "identity", prompt = "A"}, {kind = "rotate", prompt = "V"}]',
    "term.decomposition": '[[compose.and]]\ndecomposition = {kind = "hybrid", low = "A", high = "S"}',
    "term.compose": '[[compose.not]]\ncompose = {and = ["A", "V"]}\n\n[[compose.and]]\nprompt = "R"',
    "stage.model": _STAGE,
    "stage.scheduler": '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim", steps = 20}',
    "stage.guidance": f'{_STAGE}\nguidance = {{kind = "cfg"}}',
    "stage.clip": f'{_STAGE}\nclip = {{kind = "none"}}',
    "stage.constraint": (
        f'{_STAGE}\n\n[[stage.constraint]]\nkind = "inpaint"\nimage = "large.png"\nmask = "large-mask.png"'
    ),
    "interpolate.to": f'prompt = "A"\n{_BETWEEN}',
    "interpolate.mix": f'prompt = "A"\n{_BETWEEN}',
    "interpolate.path": 'prompt = "A"\ninterpolate = {to = "O", path = "lerp"}',
    "run.samples": "[run]\nsamples = 8",
    "run.seed": "[run]\nseed = 1",
    "run.device": '[run]\ndevice = "cuda:0"',
    "run.dtype": '[run]\ndtype = "bfloat16"',
    "run.compile": "[run]\ncompile = true",
    "run.offload": '[run]\noffload = "model"',
    "run.threads": "[run]\nthreads = 8",
    "run.batch_size": "[run]\nbatch_size = 32",
    "run.noise": 'image = "letter*.png"\n\n[run]\nnoise = "shared"',
    "run.at_once": "[run]\nat_once = 4",
    "run.checkpointing": "[run]\ncheckpointing = true",
    "recipe.sweep": 'prompt = "A"\n\n[sweep.axes]\nprompt = ["A", "V"]\n"run.seed" = {range = [0, 100]}',
    "sweep.axes": '[sweep.axes]\nprompt = {files = "prompts.txt"}\n"scheduler.eta" = {range = [0.0, 1.0, 0.25]}',
    "sweep.zip": (
        f'{_SWEEP}zip = [["prompt", "guidance.scale"]]\n\n'
        '[sweep.axes]\nprompt = ["A", "V"]\n"guidance.scale" = [2, 4]\n"run.seed" = [0, 1]'
    ),
    "sweep.where": f'{_SWEEP}where = "scale < 8 or seed == 0"\n{_AXES}',
    "sweep.wildcards": f"{_SWEEP}wildcards = false  # a brace in a prompt is a brace\n{_AXES}",
    "sweep.chunk": f"{_SWEEP}chunk = 8\n{_AXES}",
    "sweep.retries": f"{_SWEEP}retries = 0\n{_AXES}",
    "sweep.executor": f'{_SWEEP}\n[sweep.executor]\nkind = "processes"\nworkers = 2\n{_AXES}',
    "sweep.timeout": f"{_SWEEP}timeout = 600.0\n{_AXES}",
}


@attrs.frozen
class Key:
    """One key of a table.

    Attributes:
        name: The key.
        value: The values that may be written, with their range.
        default: The value where it is absent, as TOML; empty where there is none.
        required: Whether it must be there.
        text: Its meaning.
        example: A piece of a recipe that has it; empty for options of kinds, whose manuals have an example of all.
    """

    name: str
    value: str
    default: str
    required: bool
    text: str
    example: str = ""

    @property
    def presence(self) -> str:
        """Its default in words."""
        return "required" if self.required else f"default {self.default}" if self.default else "optional"


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
    tables = [
        Table("The top of a recipe", written["description"], _keys(written, "recipe", defined)),
        Table("[[view]]", f"{ROLES['view'].text} {_BESIDE}", beside("view", registry)),
        Table(
            "A part of a [decomposition]", f"{defined['subject']['description']} {_PARTS}", _subject(defined, "part")
        ),
    ]
    for name, said in written["properties"].items():
        target = _target(said)
        if target and target not in ROLES and name not in ("interpolate", "run", "canvas", "sweep"):
            heading = f"[[{name}]]" if "items" in said else f"[{name}]"
            tables.append(Table(heading, defined[target]["description"], _keys(defined[target], name, defined)))
        if name == "compose":
            term = defined["compose:term"]
            tables.append(Table("[[compose.and]], [[compose.not]]", f"{term['description']} {_TERMS}", _terms(defined)))
    plain_tables = (
        Table(f"[{name}]", defined[name]["description"], of_class(cls, name))
        for name, cls in (("interpolate", Interpolation), ("canvas", Extent), ("run", Run))
    )
    return (*tables, *plain_tables, _sweep(defined["sweep"]))


def _sweep(defined: Mapping[str, Any]) -> Table:
    said = defined["properties"]["axes"]["description"]
    axes = Key("axes", "a table [sweep.axes]", "", True, said, EXAMPLES["sweep.axes"])
    return Table("[sweep]", defined["description"], (axes, *of_class(SweepOptions, "sweep")))


def beside(role: str, registry: Registry | None = None) -> tuple[Key, ...]:
    """The keys that the grammar puts beside the options of every kind of a role; none for most roles."""
    if not ROLES[role].many or not ROLES[role].in_subject:
        return ()
    own = (attrs.evolve(of_option(it), example=EXAMPLES[f"view.{name}"]) for name, it in VIEW_OPTIONS.items())
    return (*own, *_subject(schema(registry)["definitions"], role))


def of_class(cls: type, place: str = "") -> tuple[Key, ...]:
    """The options of a kind, of ``[run]`` or of a table inside an option, as keys.

    Arguments:
        cls: The class.
        place: Its table in `EXAMPLES`, where that has examples of it.
    """
    keys = map(of_option, options_of(cls))
    return tuple(attrs.evolve(key, example=EXAMPLES.get(f"{place}.{key.name}", "")) for key in keys)


def of_option(option: Option) -> Key:
    """An option as a key of its table."""
    value = ", ".join(filter(None, [option.form.words, str(option.limits)]))
    default = "" if option.required or option.default is None else inline(plain(option.default))
    return Key(option.name, value, default, option.required, option.doc)


def inside(cls: type[Kind]) -> Iterator[Table]:
    """The tables that options of a kind hold, such as ``[[model.code]]``, and those inside of them."""
    for option in options_of(cls):
        for form, many in _nested(option.form):
            heading = f"{cls.role}.{option.name}"
            yield Table(f"[[{heading}]]" if many else f"[{heading}]", form.cls.__doc__ or "", of_class(form.cls))


def _nested(form: Form, many: bool = False) -> Iterator[tuple[Nested, bool]]:
    if isinstance(form, Nested):
        yield form, many
    elif isinstance(form, Listed):
        yield from _nested(form.item, many=True)
    elif isinstance(form, Either):
        for one in form.forms:
            yield from _nested(one, many)


def _terms(defined: Mapping[str, Any]) -> tuple[Key, ...]:
    weight = attrs.evolve(of_option(STRENGTH), example=EXAMPLES["term.weight"])
    return (weight, *_subject(defined, "term"))


def _subject(defined: Mapping[str, Any], place: str) -> tuple[Key, ...]:
    return _keys(defined["subject"], place, defined)


def _keys(table: Mapping[str, Any], place: str, defined: Mapping[str, Any]) -> tuple[Key, ...]:
    """The keys of a table of the schema whose values are texts, lists and tables."""
    needed = table.get("required", ())
    keys = []
    for name, said in table["properties"].items():
        text = said.get("description") or defined[_target(said)]["description"]
        example = EXAMPLES.get(f"{place}.{name}", "")
        keys.append(Key(name, _value(name, said), "", name in needed, text, example))
    return tuple(keys)


def _target(said: Mapping[str, Any]) -> str:
    """The definition that a key refers to, itself or by its items; empty where it refers to none."""
    return str(said.get("items", said).get("$ref", "")).rpartition("/")[2]


def _value(name: str, said: Mapping[str, Any]) -> str:
    """The values of a key in words."""
    if "patternProperties" in said:
        return f"tables [{name}.NAME]"
    if _target(said):
        return f"tables [[{name}]]" if "items" in said else f"a table [{name}]"
    if "anyOf" in said.get("items", ()):
        return "a list of texts and tables"
    return _LISTS[said["items"]["type"]] if "items" in said else _TEXT
