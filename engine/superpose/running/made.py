"""What exists already: images and recipes as they are compared and looked at, without torch and without weights."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.media.images import read_picture
from superpose.media.png import Origin, read_origin
from superpose.running.record import RECIPE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Settings of a run that change no bit of an image, which therefore says nothing of them.
_NO_BITS = ("samples", "at_once", "device", "offload", "checkpointing")
_NUMBERED = re.compile(r"\d{4,}\.png")


@attrs.frozen
class Made:
    """A recipe, with the images that were made by it where there are any.

    Attributes:
        path: The image, recipe or folder that somebody named.
        table: The recipe, every option written out, as plain tables.
        origin: Of the image; of a recipe or a folder None.
        images: Paths of the images by their names; none of a recipe.
    """

    path: Path
    table: dict[str, Any]
    origin: Origin | None
    images: dict[str, Path]

    @classmethod
    def of(cls, path: Path) -> Made:
        """What a path names: an image that superpose wrote, a recipe, or the folder of a run.

        Raises:
            RecipeError: It is none of them.
        """
        if path.is_dir():
            images = images_in(path)
            if images:
                return cls(path, table_of(images[0], read_origin(images[0])), None, {it.name: it for it in images})
            if not (path / RECIPE).is_file():
                raise RecipeError(f"{path}: neither images that superpose wrote are in it nor a {RECIPE}")
            return cls(path, _written_out(path / RECIPE), None, {})
        if path.suffix.lower() == ".toml":
            return cls(path, _written_out(path), None, {})
        origin = read_origin(path)
        return cls(path, table_of(path, origin), origin, {path.name: path})

    def pixels(self, name: str) -> NDArray[np.uint8]:
        """The image of that name, (H, W, 3)."""
        return read_picture(self.images[name])

    def comparable(self, other: Made) -> dict[str, Any]:
        """The table without what only one of both can say: images know nothing of the settings that change no bit."""
        hidden = _NO_BITS if self.images or other.images else ()
        run = {key: value for key, value in self.table.get("run", {}).items() if key not in hidden}
        if 0 in (self._rows, other._rows):  # left open by a recipe, settled in an image
            run.pop("batch_size", None)
        return {**self.table, "run": run}

    @property
    def _rows(self) -> Any:
        return self.table.get("run", {}).get("batch_size")


def table_of(path: Path, origin: Origin) -> dict[str, Any]:
    """The recipe inside an image as plain tables.

    Raises:
        RecipeError: It is no TOML.
    """
    try:
        return tomllib.loads(origin.recipe)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: the recipe inside is not TOML: {error or 'nested too deeply'}") from error


def images_in(folder: Path) -> list[Path]:
    """The images of a run's folder that have an origin inside, in the order of their numbers."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: (len(path.name), path.name)):
        if _NUMBERED.fullmatch(path.name) and path.is_file():
            try:
                read_origin(path)
            except RecipeError:  # somebody else's
                continue
            found.append(path)
    return found


def _written_out(path: Path) -> dict[str, Any]:
    """A recipe file with every option written out, its pictures called as images call them: by their content."""
    from superpose.recipe import dumps, load
    from superpose.running.inputs import Inputs

    return tomllib.loads(dumps(load(path), Inputs().name))
