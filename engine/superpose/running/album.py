"""The images of a run that exist, with the recipe they share: read from their files, without torch or weights.

Images of a run over many files have a recipe each, which is the same but for the files that it names. What they show is
read alike, so that they are an album as well, as long as no view and no decomposition reads a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.media.files import digest
from superpose.media.png import Origin, read_origin, sheet_of
from superpose.media.sheet import page
from superpose.recipe.patterns import matches
from superpose.running.inside import inside
from superpose.running.made import images_in, table_of
from superpose.running.record import Record, read_record, written_recipe

if TYPE_CHECKING:
    from superpose.recipe import Recipe, Subject

#: Tables of a recipe that say how an image is read: a file in them is one for all images.
READS = ("view", "decomposition")


@attrs.frozen
class Album:
    """Images of one recipe in a folder.

    Attributes:
        folder: Where they are.
        recipe: What they were made by; files that do not travel are named and not there. Of many files that of the
            first image.
        images: Their paths: in the order of the run's account, or else by number; of many files by name.
        origins: Origin of each.
        record: The account of the run; None where it is of other images or there is none.
        text: The recipe as TOML; of many files as it lies in the folder, which names them all.
        of_files: True where each image is of a file of its own, and called as it.
    """

    folder: Path
    recipe: Recipe
    images: tuple[Path, ...]
    origins: tuple[Origin, ...]
    record: Record | None
    text: str
    of_files: bool

    @property
    def numbered(self) -> dict[int, Path]:
        """Images by the number of their sample; of many files, which may share their noise, by their place."""
        samples = (origin.sample for origin in self.origins)
        return dict(zip(range(len(self.images)) if self.of_files else samples, self.images, strict=True))

    @property
    def run(self) -> str | None:
        """Identity of the run, which its sheet has; None where there is neither account nor sheet."""
        if self.record is not None:
            return self.record.run
        return sheet_of(self.folder / page(0)) if self.of_files else None

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
    every = _origins(matches(folder / "*.png")) if folder.is_dir() else {}
    origins = {path: every[path] for path in images_in(folder)} if every else {}
    of_one = bool(origins) and _stranger(origins, lambda _, origin: origin.of_run) is None and not _more(origins, every)
    if not of_one:
        origins = every
    if not origins:
        raise RecipeError(f"{folder}: no images of a run are in it; name the folder that superpose run has made")
    paths = [*origins]
    if not of_one and (other := _stranger(origins, _but_files)) is not None:
        raise RecipeError(f"{folder}: {paths[0].name} and {other.name} were not made by one run: part them")
    record = read_record(folder) if of_one else None
    if record is not None:
        if set(record.images) == {path.name for path in paths}:
            paths = [folder / name for name in record.images]
        else:
            record = None
    first = origins[paths[0]]
    text = first.recipe if of_one else written_recipe(folder) or first.recipe
    with inside(paths[0]) as found:
        recipe = found.recipe(absent=True)
        images, whence = tuple(paths), tuple(origins[path] for path in paths)
        yield Album(folder, recipe, images, whence, record, text, of_files=not of_one)


def _origins(paths: Iterable[Path]) -> dict[Path, Origin]:
    """Origin of each image that has one, in their order."""
    found = {}
    for path in paths:
        with suppress(RecipeError):  # somebody else's
            origin = read_origin(path)
            if origin.printed is None:
                found[path] = origin
    return found


def _stranger(origins: Mapping[Path, Origin], told: Callable[[Path, Origin], object]) -> Path | None:
    """The first image of which something else is told than of the one before all; None where there is none."""
    all_told = ((path, told(path, origin)) for path, origin in origins.items())
    _, first = next(all_told)
    return next((path for path, it in all_told if it != first), None)


def _more(numbered: Mapping[Path, Origin], every: Mapping[Path, Origin]) -> bool:
    """Whether there are images of other files by the recipe of these: a file may be called as samples are."""
    path, first = next(iter(numbered.items()))
    others = [(it, origin) for it, origin in every.items() if it not in numbered and origin.of_run != first.of_run]
    return any(_but_files(*other) == _but_files(path, first) for other in others)


def _but_files(path: Path, origin: Origin) -> object:
    """What the images of one run over many files share: all but the sample, and which files a recipe names."""
    table = _without(table_of(path, origin), {*origin.inputs, *origin.files})
    return table, attrs.evolve(origin.of_run, recipe="", inputs={}, files={})


def _without(value: Any, names: Collection[str]) -> Any:
    """A table without names of files, but for those by which views and decompositions read."""
    if isinstance(value, dict):
        return {key: it if key in READS else _without(it, names) for key, it in value.items()}
    if isinstance(value, list):
        return [_without(it, names) for it in value]
    return "" if value in names else value


def hashes_of(images: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of each image by its name."""
    return {path.name: digest(path) for path in images}
