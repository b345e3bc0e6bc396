"""Recipes from strangers: read within bounds, and from allowed folders alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import tomli_w

from superpose.errors import RecipeError
from superpose.recipe import loads
from superpose.recipe.patterns import several
from superpose.recipe.tables import Recipe
from superpose.recipe.where import KeyPath


@attrs.frozen(kw_only=True)
class Bounds:
    """Bounds of a task.

    Attributes:
        body: Bytes of a recipe.
        samples: Samples of a recipe.
        rows: Rows of a forward pass, and samples carried at once.
        seconds: Time that a task may take.
        queue: Tasks that wait.
        kept: Ended tasks whose files are kept; the oldest go first.
    """

    body: int = 256 * 1024
    samples: int = 64
    rows: int = 64
    seconds: float = 600.0
    queue: int = 100
    kept: int = 1000

    def broken(self, recipe: Recipe) -> Iterator[tuple[KeyPath, str]]:
        """Bounds that a recipe breaks, as (place, what is wrong with the cure)."""
        run = recipe.run
        if paths := several(recipe):
            yield (), f"{paths[0].name} names several files: this service makes images of one"
        for name, most in (("samples", self.samples), ("batch_size", self.rows), ("at_once", self.rows)):
            if getattr(run, name) > most:
                yield ("run", name), f"{getattr(run, name)} is more than this service allows: write at most {most}"


@attrs.frozen
class Allowed(Mapping[str, Path]):
    """The files of some folders by name: whole, or from one of the folders. Links out of them lead nowhere."""

    folders: tuple[Path, ...]

    def __getitem__(self, name: str) -> Path:
        for folder in self.folders:
            try:
                whole = folder.resolve()
                found = (whole / name).resolve(strict=True)  # a whole name stays as it is
            except (OSError, ValueError, RuntimeError):  # not there, a zero byte, links in a circle
                continue
            if found.is_relative_to(whole):
                return found
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (str(path) for folder in self.folders for path in folder.resolve().rglob("*"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def screened(text: str, bounds: Bounds, folders: tuple[Path, ...]) -> Recipe:
    """A recipe in TOML, within bounds.

    Raises:
        RecipeError: With every mistake, one a line.
    """
    unknown = "this service has no file {} that recipes may read"
    recipe = loads(text, files=Allowed(folders), unknown=unknown)
    if found := list(bounds.broken(recipe)):
        raise recipe.located(found)
    return recipe


def as_toml(body: bytes, media_type: str) -> str:
    """A recipe in TOML, of TOML or JSON.

    Raises:
        RecipeError: It is none.
    """
    try:
        text = body.decode("utf-8")
        return text if media_type == "application/toml" else tomli_w.dumps(_table(json.loads(text)))
    except UnicodeDecodeError as error:
        raise RecipeError(f"recipe: is not UTF-8 text (byte {error.start})") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise RecipeError(f"recipe: not JSON that a recipe can be: {error or 'nested too deeply'}") from error


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("expected an object")
    return value
