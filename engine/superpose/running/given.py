"""The pictures that a recipe is given, as its sheet shows them beside what was made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.media.images import read_picture
from superpose.media.sheet import Given

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from superpose.recipe import Recipe


def given_pictures(recipe: Recipe) -> tuple[Given, ...]:
    """Every picture that the recipe names, once, called as its option or its part is; constraints' come first."""
    kinds = sorted(recipe.kinds(), key=lambda kind: kind.role != "constraint")
    named: dict[Path, str] = {}
    for kind in kinds:
        for name, path in _files(kind):
            named.setdefault(path, name)
    for place, path in recipe.subject.images():
        part = next((step for step in reversed(place[:-1]) if isinstance(step, str)), "image")
        named.setdefault(path, part)
    return tuple(Given(name, pixels) for path, name in named.items() if (pixels := _pixels(path)) is not None)


def _files(part: object, name: str = "") -> Iterator[tuple[str, Path]]:
    if isinstance(part, Path):
        yield name, part
    elif isinstance(part, tuple):
        for one in part:
            yield from _files(one, name)
    elif attrs.has(kind := type(part)):
        for field in attrs.fields(kind):
            if field.init:
                yield from _files(getattr(part, field.name), field.name.replace("_", " "))


def _pixels(path: Path) -> NDArray[np.uint8] | None:
    try:
        return read_picture(path)
    except RecipeError:  # weights, words, a folder: whoever needs the file has read it and found no fault
        return None
