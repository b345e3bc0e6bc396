"""The images of a run that exist, with the recipe they share: read from their files, without torch or weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.media.files import digest
from superpose.media.png import Origin, read_origin
from superpose.running.inside import inside
from superpose.running.made import images_in
from superpose.running.record import Record, read_record

if TYPE_CHECKING:
    from superpose.recipe import Recipe, Subject


@attrs.frozen
class Album:
    """Images of one recipe in a folder.

    Attributes:
        folder: Where they are.
        recipe: What they were made by; files that do not travel are named and not there.
        images: Their paths: in the order of the run's account, or else by number.
        origins: Origin of each.
        record: The account of the run; None where it is of other images or there is none.
    """

    folder: Path
    recipe: Recipe
    images: tuple[Path, ...]
    origins: tuple[Origin, ...]
    record: Record | None

    @property
    def subject(self) -> Subject:
        """What the images show, with views and decompositions at their size.

        Raises:
            RecipeError: If the size of the model's states can't be told.
        """
        if self.record is not None:
            return self.recipe.subject.scaled(self.record.scale)
        return self.recipe.subject.scaled(scale_of(self.recipe))


def scale_of(recipe: Recipe) -> float:
    """Size of the pictures, relative to the states that the views of a recipe are meant for.

    Raises:
        RecipeError: If the size of a model can't be told.
    """
    last = recipe.stages[-1].model
    return last.image_shape[1] / recipe.model.shape[1]


@contextmanager
def album(folder: Path) -> Iterator[Album]:
    """Open the folder of a run; pictures that its recipe names are at hand as long as the block lasts.

    Raises:
        RecipeError: If it has no images that superpose wrote, or images of several recipes, or needs what is not
            installed.
    """
    paths = images_in(folder) if folder.is_dir() else []
    if not paths:
        raise RecipeError(
            f"{folder}: no images of a run are in it; name the folder that superpose run has made of a recipe for one "
            "image (images made of many files have a recipe each: superpose show IMAGE, superpose animate IMAGE)"
        )
    origins = {path: read_origin(path) for path in paths}
    first = origins[paths[0]]
    for path, origin in origins.items():
        if origin.of_run != first.of_run:
            raise RecipeError(f"{folder}: {paths[0].name} and {path.name} were not made by one run: part them")
    record = read_record(folder)
    if record is not None:
        if set(record.images) == {path.name for path in paths}:
            paths = [folder / name for name in record.images]
        else:
            record = None
    with inside(paths[0]) as found:
        recipe = found.recipe(absent=True)
        yield Album(folder, recipe, tuple(paths), tuple(origins[path] for path in paths), record)


def hashes_of(images: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of each image by its name."""
    return {path.name: digest(path) for path in images}
