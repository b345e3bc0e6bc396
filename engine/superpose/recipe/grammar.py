"""The grammar of recipes: which tables there are, and where a subject may stand.

A subject is exactly one of ``prompt``, ``[[view]]``, ``[decomposition]`` and ``[compose]``. The recipe is one, every
view is one, and so is every part of a decomposition and every term of a composition; a part or term may be a string,
short for ``{prompt = "..."}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import attrs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import superpose
from superpose.errors import PluginError
from superpose.estimate.reduction import REDUCTIONS
from superpose.kinds.kind import Kind
from superpose.kinds.options import Choice, Form, Listed, Nested, Option, Scalar, options_of
from superpose.kinds.roles import ROLES
from superpose.media.fit import FITS, RESIZERS
from superpose.plugins.validate import SUBJECT_KEYS, TERM_KEYS, VIEW_KEYS, names_of, names_of_all
from superpose.recipe.extent import Extent
from superpose.recipe.interpolation import Interpolation
from superpose.recipe.mistakes import header, shown
from superpose.recipe.overrides import OverrideValue
from superpose.recipe.read import TEXT, WRONG, Reader, Wrong, all_right
from superpose.recipe.renamed import renamed
from superpose.recipe.subject import SUBJECTS, ComposeTerm, ComposeTerms, PartTerms, Subject, ViewTerm
from superpose.recipe.tables import FIRST_KEYS, STAGE_KEYS, Recipe, Run, Stage, misnamed
from superpose.recipe.where import KeyPath, TomlTable

T = TypeVar("T")

#: Roles of which a recipe has a list that is no part of its subject.
LISTED = tuple(role.name for role in ROLES.values() if role.in_recipe and role.many and not role.in_subject)
#: Keys of a recipe, in the order in which they are usually written.
RECIPE_KEYS = (
    "requires",
    *STAGE_KEYS,
    "models",
    *SUBJECTS,
    "fit",
    "resizer",
    "interpolate",
    "negative",
    "reduction",
    "canvas",
    "stage",
    *LISTED,
    *FIRST_KEYS,
    "run",
    "sweep",
)
_SUBJECTS = ", ".join(
    key if key in ("prompt", "image") else f"[[{key}]]" if key in ROLES and ROLES[key].many else f"[{key}]"
    for key in SUBJECTS
)
_WORDS: dict[str, Form] = {
    "prompt": TEXT,
    "image": Scalar(Path),
    "fit": Choice(FITS),
    "resizer": Choice(RESIZERS),
    "negative": TEXT,
    "reduction": Choice(REDUCTIONS),
    "interpolate": Nested(Interpolation),
}
#: The options that every view has, by name.
VIEW_OPTIONS = {
    field.name: Option(field.name, Scalar(float), field.metadata["doc"], field.metadata["limits"], field.default)
    for field in attrs.fields(ViewTerm)
    if "doc" in field.metadata
}
#: Keys of a composition.
COMPOSE_KEYS = ("and", "not")
_strength = attrs.fields(ComposeTerm).weight
#: The option that every term of a composition has.
STRENGTH = Option("weight", Scalar(float), _strength.metadata["doc"], _strength.metadata["limits"], _strength.default)


def read_recipe(reader: Reader, data: TomlTable) -> Recipe | Wrong:
    """The recipe in plain ``data``, or `WRONG`; mistakes are noted by ``reader``."""
    reader.unknown_keys(data, RECIPE_KEYS, ())
    if "sweep" in data:  # the recipes that it makes have none
        cure = "superpose sweep makes them all, and superpose.load_sweep reads it; for one leave [sweep] out"
        reader.wrong(("sweep",), f"this is many recipes in one: {cure}")
    fields: dict[str, object] = {"requires": read_requires(reader, data.get("requires", []))}
    fields |= _roles(reader, data, (), (*STAGE_KEYS, *FIRST_KEYS))
    models = _models(reader, data.get("models", {}), ("models",))
    subject = _subject(reader, data, (), outermost=True)
    fields |= {"models": models, "subject": subject}
    fields["stage"] = _listed(reader, data, ("stage",), _stage)
    fields["constraint"] = _listed(reader, data, ("constraint",), _constraint)
    for key, cls in (("run", Run), ("canvas", Extent)):
        if key in data or key == "run":
            table = reader.table(data.get(key, {}), (key,), f"[{key}]")
            fields[key] = WRONG if table is WRONG else reader.options(cls, table, (key,))
    if models is not WRONG and subject is not WRONG:
        for path, why in misnamed(models, subject):
            fields["models"] = reader.wrong(path, why)
    return reader.made(Recipe, fields, ())


def read_subject(reader: Reader, data: TomlTable) -> Subject | Wrong:
    """What the recipe in ``data`` shows, or `WRONG`: its views, decompositions and prompts alone."""
    shown = {key: _unguided(data[key]) for key in (*SUBJECTS, "interpolate") if key in data}
    return _subject(reader, shown, (), outermost=True)


def _unguided(value: object) -> object:
    """A subject without what guides it, here and in all that is inside."""
    if isinstance(value, dict):
        return {key: _unguided(inner) for key, inner in value.items() if key not in ("guidance", "guidance_stages")}
    return [_unguided(item) for item in value] if isinstance(value, list) else value


def _roles(
    reader: Reader, table: TomlTable, path: KeyPath, roles: Iterable[str] = STAGE_KEYS
) -> dict[str, Kind | Wrong | None]:
    """The kinds that a recipe and each of its stages name."""
    fields: dict[str, Kind | Wrong | None] = {}
    for role in roles:
        mine = (*path, role)
        if role in table:
            fields[role] = reader.kind(role, table[role], mine)
        elif ROLES[role].required:
            known = reader.registry.known(role)
            fields[role] = reader.wrong(mine, f"missing; write [{header(mine)}] and its kind; known: {known}")
        else:
            fields[role] = None
    return fields


def _models(reader: Reader, given: object, path: KeyPath) -> dict[str, Kind] | Wrong:
    """Further networks by their names."""
    tables = reader.table(given, path, "[models.NAME] and its kind")
    if tables is WRONG:
        return WRONG
    models = all_right(reader.kind("model", table, (*path, name)) for name, table in tables.items())
    return WRONG if models is WRONG else dict(zip(tables, models, strict=True))


def _stage(reader: Reader, given: object, path: KeyPath) -> Stage | Wrong:
    table = reader.table(given, path, f"[[{header(path)}]]")
    if table is WRONG:
        return WRONG
    reader.unknown_keys(table, (*STAGE_KEYS, "constraint"), path)
    constraints = _listed(reader, table, (*path, "constraint"), _constraint)
    return reader.made(Stage, _roles(reader, table, path) | {"constraint": constraints}, path)


def _subject(reader: Reader, table: TomlTable, path: KeyPath, outermost: bool = False) -> Subject | Wrong:
    """Subject of ``table``; the recipe's own model and guidance are read elsewhere."""
    given = [key for key in table if key in SUBJECTS]
    fields: dict[str, object] = {}
    if not given:
        fields["prompt"] = reader.wrong((*path, "prompt"), f"missing; give one of {_SUBJECTS}")
    elif len(given) > 1:
        what = f"give only one of {', '.join(SUBJECTS)}; here are {' and '.join(given)}"
        fields[given[1]] = reader.wrong((*path, given[1]), what)
    for key, form in _WORDS.items():
        if key in table:
            fields[key] = reader.value(form, table[key], (*path, key))
    for key, read in (("view", _views), ("decomposition", _decomposition), ("compose", _compose)):
        if key in table:
            fields[key] = read(reader, table[key], (*path, key))
    if "model" in table and not outermost:
        fields["model"] = reader.value(TEXT, table["model"], (*path, "model"))
    if "guidance" in table and not outermost:
        fields["guidance"] = reader.kind("guidance", table["guidance"], (*path, "guidance"))
    if "guidance_stages" in table and not outermost:
        mine = (*path, "guidance_stages")
        fields["guidance_stages"] = reader.value(Listed(Scalar(int)), table["guidance_stages"], mine)
        if "guidance" not in table:
            fields["guidance"] = reader.wrong(mine, "says where a guidance holds, and there is none: add guidance")
    return WRONG if len(given) != 1 else reader.made(Subject, fields, path)


def _views(reader: Reader, given: object, path: KeyPath) -> tuple[ViewTerm, ...] | Wrong:
    items = reader.tables(given, path)
    return WRONG if items is WRONG else all_right(_view(reader, item, (*path, i)) for i, item in enumerate(items))


def _view(reader: Reader, given: object, path: KeyPath) -> ViewTerm | Wrong:
    table = reader.table(given, path, '{kind = "...", prompt = "..."}')
    if table is WRONG:
        return WRONG
    view = reader.kind("view", table, path, VIEW_KEYS)
    values = {name: reader.option(option, table, path) for name, option in VIEW_OPTIONS.items()}
    return reader.made(ViewTerm, {"view": view, **values, "subject": _subject(reader, table, path)}, path)


def _decomposition(reader: Reader, given: object, path: KeyPath) -> PartTerms | Wrong:
    table = reader.table(given, path, f"[{header(path)}], once")
    cls = WRONG if table is WRONG else reader.named("decomposition", table, path)
    if table is WRONG or cls is WRONG:
        return WRONG
    names = names_of_all(cls)
    table = renamed(table, path, names or ())
    # Where the names depend on options nothing is known of the other keys before those are read.
    beside = [key for key in table if key not in {option.name for option in options_of(cls)}]
    decomposition = reader.options(cls, table, path, ("kind", *names) if names is not None else beside)
    if names is None and decomposition is not WRONG:
        names = _names_read(reader, decomposition, table, path)
    if names is None:
        return WRONG
    subjects = all_right(_part(reader, table, (*path, name)) for name in names)
    parts = WRONG if subjects is WRONG else tuple(zip(names, subjects, strict=True))
    return reader.made(PartTerms, {"decomposition": decomposition, "parts": parts}, path)


def _names_read(reader: Reader, decomposition: Kind, table: TomlTable, path: KeyPath) -> tuple[str, ...] | None:
    """The names that the options of a decomposition make; None where they make none that a recipe can have."""
    try:
        names = names_of(decomposition)
    except PluginError as error:
        reader.wrong(path, str(error))
        return None
    options = [option.name for option in options_of(type(decomposition))]
    reader.unknown_keys(table, ("kind", *options, *names), path)
    return names


def _part(reader: Reader, table: TomlTable, path: KeyPath) -> Subject | Wrong:
    name = path[-1]
    if name not in table:
        return reader.wrong(path, f'missing; say what the part shows, such as {name} = "a prompt"')
    given = table[str(name)]
    if isinstance(given, dict):
        reader.unknown_keys(given, SUBJECT_KEYS, path)
        return _subject(reader, given, path)
    return _prompt(reader, given, path)


def _prompt(reader: Reader, given: object, path: KeyPath) -> Subject | Wrong:
    """A subject that is written as its prompt alone."""
    prompt = given.text if isinstance(given, OverrideValue) else given
    if isinstance(prompt, str):
        return Subject(prompt=prompt)
    return reader.wrong(path, f"expected a prompt or a table, got {shown(prompt)}")


def _compose(reader: Reader, given: object, path: KeyPath) -> ComposeTerms | Wrong:
    table = reader.table(given, path, f"[{header(path)}], once")
    if table is WRONG:
        return WRONG
    reader.unknown_keys(table, COMPOSE_KEYS, path)
    if "and" not in table:
        return reader.wrong((*path, "and"), 'missing; say what the image shows, such as and = ["a prompt", "another"]')
    lists = [_composed(reader, table[key], (*path, key)) if key in table else () for key in COMPOSE_KEYS]
    return reader.made(ComposeTerms, dict(zip(("conjuncts", "negated"), lists, strict=True)), path)


def _composed(reader: Reader, given: object, path: KeyPath) -> tuple[ComposeTerm, ...] | Wrong:
    """The terms of a list of a composition, each a prompt or a table."""
    if not isinstance(given, list) or not given:
        found = given.value if isinstance(given, OverrideValue) else given
        cure = f'write {path[-1]} = ["a prompt", {{prompt = "another", weight = 2.0}}]'
        return reader.wrong(path, f"expected a list of prompts and tables, got {shown(found)}; {cure}")
    return all_right(_composed_term(reader, item, (*path, i)) for i, item in enumerate(given))


def _composed_term(reader: Reader, given: object, path: KeyPath) -> ComposeTerm | Wrong:
    if not isinstance(given, dict):
        return reader.made(ComposeTerm, {"subject": _prompt(reader, given, path)}, path)
    reader.unknown_keys(given, TERM_KEYS, path)
    values = {"weight": reader.option(STRENGTH, given, path), "subject": _subject(reader, given, path)}
    return reader.made(ComposeTerm, values, path)


def _constraint(reader: Reader, given: object, path: KeyPath) -> Kind | Wrong:
    return reader.kind("constraint", given, path)


def _listed(
    reader: Reader, table: TomlTable, path: KeyPath, read: Callable[[Reader, object, KeyPath], T | Wrong]
) -> tuple[T, ...] | Wrong:
    """The tables of the list at ``path``, each read by ``read``; none where ``table`` doesn't have its key."""
    key = str(path[-1])
    if key not in table:
        return ()
    items = reader.tables(table[key], path)
    return WRONG if items is WRONG else all_right(read(reader, item, (*path, i)) for i, item in enumerate(items))


def read_requires(reader: Reader, given: object) -> object | Wrong:
    """What a recipe requires, or `WRONG`; what is not installed is noted."""
    texts = reader.value(Listed(TEXT), given, ("requires",))
    if isinstance(texts, tuple):
        for i, text in enumerate(texts):
            if why := _unmet(text):
                reader.wrong(("requires", i), why)
    return texts


def _unmet(text: str) -> str:
    """Why a requirement is not met, with the cure; '' where it is."""
    try:
        need = Requirement(text)
    except InvalidRequirement:
        need = None
    # An address would make the install line below fetch whatever the recipe's author likes.
    if need is None or need.url or need.marker:
        return f"expected a distribution and its versions, such as 'superpose-hinge>=0.3'; got {shown(text)}"
    install = f'pip install "{need}"'
    try:
        found = superpose.__version__ if canonicalize_name(need.name) == "superpose" else version(need.name)
    except PackageNotFoundError:
        return f"{need.name} is not installed: {install}"
    if need.specifier.contains(found, prereleases=True):
        return ""
    return f"{need.name} {found} is installed, which is not {need.specifier}: {install}"
