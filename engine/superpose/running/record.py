"""Files beside the images of a run: the recipe as it ran, and an account of the run.

``recipe.toml`` makes the same images again, with every option written out and paths from its own folder. ``run.json``
says what they were made with. Neither replaces a file of somebody else's, and no torch is imported to read them.
"""

from __future__ import annotations

import json
import os
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

import superpose
from superpose.errors import Notice, RecipeError
from superpose.media.files import digest, read_text
from superpose.media.writing import write_text
from superpose.plugins import load_plugins
from superpose.recipe import dumps
from superpose.recipe.tables import Run
from superpose.running.swarms import sizes_in

if TYPE_CHECKING:
    from superpose.media.png import Origin
    from superpose.recipe import Recipe

RECIPE, RECORD = "recipe.toml", "run.json"
#: First line of a recipe that was written here; a `RECIPE` without it is somebody's own, and kept.
HEAD = "# Written by superpose: the recipe of the images in this folder, as it ran. Run it to make them again.\n"


@attrs.frozen
class Record:
    """Account of a run.

    Attributes:
        run: Identity of the run, which its sheet has as well.
        images: SHA-256 of each image by its name, in the order of the sheet.
        samples: Number of the sample of each image.
        sheets: Names of the pages of the contact sheet.
        drawn: Number of samples that these were chosen from; 0 where all were kept.
        made: Number of samples that were made, in one go or in several.
        seconds: Time spent sampling them, without loading.
        versions, weights, device, files: As in the images.
        scale: Size of the images, relative to the states that the views of the recipe are meant for.
        stages: Of each stage, network rows a sample and forward pass, forward passes, and rows a sample in all.
        effective_sizes: Of each image by its name, the effective sample size of its swarm at each weighing; none
            where there was no population.
    """

    run: str
    images: Mapping[str, str]
    samples: Sequence[int]
    sheets: Sequence[str]
    drawn: int
    made: int
    seconds: float
    versions: Mapping[str, str]
    weights: Mapping[str, str]
    device: str
    files: Mapping[str, str]
    scale: float
    stages: Sequence[Mapping[str, int]]
    effective_sizes: Mapping[str, Sequence[float]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, origin: Origin, run: str, images: Mapping[int, Path], **figures: Any) -> Record:
        """The account of a run whose images have this origin, but for the number of the sample."""
        made_with = {name: getattr(origin, name) for name in ("versions", "weights", "device", "files", "drawn")}
        hashes = {path.name: digest(path) for path in images.values()}
        figures["effective_sizes"] = sizes_in(images.values())
        return cls(run=run, images=hashes, samples=tuple(images), **made_with, **figures)

    def write(self, folder: Path) -> None:
        """Write it into the folder of the run.

        Raises:
            RunError: If it can't be written.
        """
        path = folder / RECORD
        if path.exists() and read_record(folder) is None:
            _kept(path, "is no account of a run")
            return
        write_text(json.dumps(attrs.asdict(self), indent=1) + "\n", path)


def read_record(folder: Path) -> Record | None:
    """The account that a folder holds; None where there is none that can be read."""
    try:
        return Record(**json.loads(read_text(folder / RECORD)))
    except (RecipeError, ValueError, TypeError, RecursionError):
        return None


def write_recipe(recipe: Recipe, rows: int, folder: Path, place: Path | None = None) -> None:
    """Write a recipe into the folder of its images, without what changes no bit of them.

    Arguments:
        recipe: What was made.
        rows: Rows of the forward passes.
        folder: Where the images are.
        place: Where they go from there, which is what paths in it are written from.

    Raises:
        RunError: If it can't be written.
    """
    path = folder / RECIPE
    if path.exists() and written_recipe(folder) is None:
        _kept(path, "was not written by a run")
        return
    all_samples = attrs.evolve(settled(recipe, rows).run, samples=recipe.run.samples)
    write_text(HEAD + dumps(attrs.evolve(recipe, run=all_samples), lambda file: _from(file, place or folder)), path)


def settled(recipe: Recipe, rows: int) -> Recipe:
    """The recipe as it runs, without what changes no bit of a sample: how many there are, and which go together."""
    plain = Run()
    hidden = {name: getattr(plain, name) for name in ("device", "samples", "at_once", "offload", "checkpointing")}
    return attrs.evolve(recipe, run=attrs.evolve(recipe.run, batch_size=rows, **hidden))


def versions_of(recipe: Recipe) -> dict[str, str]:
    """Versions of the engine and of every plugin that a recipe uses, by distribution."""
    registry = load_plugins()
    owners = [registry.owner(type(kind)) for kind in recipe.kinds()]
    return {"superpose": superpose.__version__, **{owner.distribution: owner.version for owner in owners}}


def written_recipe(folder: Path) -> str | None:
    """The recipe that a run has written into a folder, as TOML; None where there is none, or somebody's own."""
    try:
        text = read_text(folder / RECIPE)
        tomllib.loads(text)
    except (RecipeError, tomllib.TOMLDecodeError):
        return None
    return text.removeprefix(HEAD) if text.startswith(HEAD) else None


def _from(file: Path, folder: Path) -> str:
    """A path from a folder, as TOML has it on every system; whole where there is no way."""
    try:
        return Path(os.path.relpath(file, folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()


def _kept(path: Path, why: str) -> None:
    warnings.warn(f"{path} {why} and is left as it is; the images hold their recipe", Notice, stacklevel=3)
