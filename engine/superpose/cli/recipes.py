"""Arguments of the commands that take a recipe, and the recipe as they change it."""

from __future__ import annotations

import argparse
import shlex
import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from superpose.cli.printing import complain
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.plugins import Registry
    from superpose.recipe import Recipe

K = TypeVar("K")


def add_recipe(
    parser: argparse.ArgumentParser,
    name: str = "RECIPE",
    what: str = "a TOML file; superpose kinds lists what it can name",
) -> None:
    """Add RECIPE and the options that change it; arguments as it is called, and what it is."""
    parser.add_argument("recipe", metavar=name, help=what)
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="change one value, such as view.1.prompt=W (indices from 0); may be repeated",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the noise (run.seed)")
    parser.add_argument("--samples", type=int, metavar="N", help="number of samples (run.samples)")


def add_download(parser: argparse.ArgumentParser) -> None:
    """Add --allow-download, without which nothing is fetched."""
    parser.add_argument("--allow-download", action="store_true", help="fetch models that the recipe names on a hub")


def add_input(parser: argparse.ArgumentParser) -> None:
    """Add --input, which says where files are that the recipe inside an image names."""
    parser.add_argument(
        "--input",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="where a file is that the recipe inside names and that does not travel; may be repeated",
    )


def named_files(given: list[str]) -> dict[str, str]:
    """The paths of --input by their names."""
    pairs = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise RecipeError(f"--input {text}: write NAME=PATH, such as last.ckpt=models/last.ckpt")
        pairs[name] = path
    return pairs


def read_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe with the command line's changes made."""
    from superpose.recipe import load

    registry(strict=arguments.strict_plugins)
    return load(arguments.recipe, changes(arguments))


def changes(arguments: argparse.Namespace) -> list[str]:
    """Changes that the command line makes to a recipe, as overrides."""
    short = {"run.seed": arguments.seed, "run.samples": arguments.samples}
    return [*arguments.set, *(f"{key}={value}" for key, value in short.items() if value is not None)]


def first_option(known: Registry, role: str, given: str, where: str) -> Any:
    """An object of a kind by its name, and the value of its first option: ``rotate:90``.

    Arguments:
        known: The kinds there are.
        role: Of the kind.
        given: KIND or KIND:VALUE.
        where: The option of the command line, for errors.

    Raises:
        RecipeError: If there is none of that kind, or its option does not take the value.
    """
    from superpose.kinds.options import options_of

    kind, _, value = given.partition(":")
    cls = known.get(role, kind)
    values: dict[str, object] = {}
    if value:
        options = options_of(cls)
        if not options:
            raise RecipeError(f"{where}: {kind!r} has no option: leave out {value!r}")
        first, found = options[0], toml_value(value)
        if not first.form.fits(found):
            raise RecipeError(f"{where}: {first.name} of {kind!r} is {first.form.words}, got {value!r}")
        values[first.name] = found
    return made(cls, where, **values)


def made(make: type[K], where: str, **options: object) -> K:
    """An object of a kind that needs no other option than these.

    Raises:
        RecipeError: If it can't be made of them.
    """
    try:
        return make(**options)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{where}: {error}") from error


def quoted(text: object) -> str:
    """A text as one word of a command line."""
    return shlex.quote(str(text))


def toml_value(text: str) -> object:
    """A value as TOML has it; what is none is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def registry(*, strict: bool) -> Registry:
    """Registry of what is installed; plugins that could not be loaded are named on standard error, a line each."""
    from superpose.plugins import load_plugins

    found = load_plugins(strict=strict)
    for warning in found.warnings:
        complain(warning)
    for plugin in found.plugins:
        if plugin.status not in {"loaded", "blocked"}:
            complain(f"plugin {plugin.name!r} is {plugin.status}: {plugin.why}")
    return found


def kind_named(role: str, flag: str, said: str, known: Registry, options: Sequence[str] = ()) -> Any:
    """The object of a role that an argument names, by its kind or by a table such as a recipe has.

    Arguments:
        role: What it is.
        flag: The argument, as errors call it.
        said: What stands there.
        known: What is installed.
        options: Further ones, each as KEY=VALUE.

    Raises:
        RecipeError: There is none of that kind, or it has other options.
    """
    from pathlib import Path

    from superpose.recipe.read import Reader

    table = toml_value(said) if said.lstrip().startswith("{") else {"kind": said}
    if not isinstance(table, dict):
        raise RecipeError(f"{flag} {said}: write the name of a kind, or a table such as a recipe has")
    for option in options:
        name, equals, value = option.partition("=")
        if not (name and equals):
            raise RecipeError(f"--option {option}: write KEY=VALUE, such as factor=2")
        table[name] = toml_value(value)
    reader = Reader(known, Path.cwd())
    read = reader.kind(role, table, (role,))
    if reader.mistakes:
        raise RecipeError(*(f"{flag}: {'.'.join(map(str, path[1:]))}: {why}" for path, why in reader.mistakes))
    return read
