"""The pictures that a recipe is given, as its sheet shows them beside what was made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.media.fit import Fit
from superpose.media.images import read_picture
from superpose.media.sheet import Given

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from superpose.recipe import Recipe

EXACT_SIZE = Fit()


def given_pictures(recipe: Recipe) -> tuple[Given, ...]:
    """Every picture that the recipe names, once, called as its option or its part is; constraints' come first.

    One that is fitted is shown as it is fitted.
    """
    kinds = sorted(recipe.kinds(), key=lambda kind: kind.role != "constraint")
    named: dict[Path, tuple[str, Fit]] = {}
    for kind in kinds:
        for name, path, fit in _files(kind):
            named.setdefault(path, (name, fit))
    for place, subject in recipe.subject.images():
        part = next((step for step in reversed(place[:-1]) if isinstance(step, str)), "image")
        if subject.image is not None:
            named.setdefault(subject.image, (part, subject.fits))
    found = ((name, _pixels(path, fit, recipe)) for path, (name, fit) in named.items())
    return tuple(Given(name, pixels) for name, pixels in found if pixels is not None)


def _files(part: object, name: str = "", fit: Fit = EXACT_SIZE) -> Iterator[tuple[str, Path, Fit]]:
    if isinstance(part, Path):
        yield name, part, fit
    elif isinstance(part, tuple):
        for one in part:
            yield from _files(one, name, fit)
    elif attrs.has(kind := type(part)):
        fields = {field.name: getattr(part, field.name) for field in attrs.fields(kind) if field.init}
        said = Fit(fields["fit"], fields["resizer"]) if {"fit", "resizer"} <= set(fields) else EXACT_SIZE
        for key, value in fields.items():
            yield from _files(value, key.replace("_", " "), said)


def _pixels(path: Path, fit: Fit, recipe: Recipe) -> NDArray[np.uint8] | None:
    try:
        return read_picture(path) if fit == EXACT_SIZE else read_picture(path, recipe.model.image_shape[1:], fit)
    except RecipeError:  # weights, words, a folder: whoever needs the file has read it and found no fault
        return None
