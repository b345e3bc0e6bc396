"""The recipe inside an image, read without its networks: the one place where a stranger's recipe meets our files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose.errors import RecipeError
from superpose.estimate.problem import Problem, problems_of
from superpose.media.frames import picture_of
from superpose.media.images import decoded
from superpose.media.png import Origin, read_origin
from superpose.recipe import loads
from superpose.recipe.loading import load_subject
from superpose.running.inputs import given_files, unpacked

if TYPE_CHECKING:
    from superpose.media.frames import Picture
    from superpose.recipe import Recipe, Subject


@attrs.frozen
class Inside:
    """The recipe inside an image, and the only files that it may name.

    Attributes:
        image: The image.
        origin: Of the image.
        folder: Where the pictures are that travel inside.
        given: Files that somebody gave, by the recipe's names for them.
        files: These and the pictures that travel.
    """

    image: Path
    origin: Origin
    folder: Path
    given: Mapping[str, Path]
    files: Mapping[str, Path]

    @property
    def name(self) -> str:
        """What errors call the recipe."""
        return f"{self.image} (the recipe inside)"

    def recipe(self, *, absent: bool = False) -> Recipe:
        """The recipe.

        Arguments:
            absent: Whether files that do not travel are named all the same, where they are not.

        Raises:
            RecipeError: If it needs what is not installed or not given.
        """
        gone = {name: self.folder / "not here" / name for name in self.origin.files} if absent else {}
        return loads(self.origin.recipe, name=self.name, folder=self.folder, files={**gone, **self.files})

    def shown(self) -> Shown:
        """What the image shows; of its networks only the sizes are asked for, where they are known.

        Raises:
            RecipeError: If it needs what is not installed, or the size of a network that is not here; or if the image
                is a sheet to print, which is not looked at by itself.
        """
        if self.origin.printed is not None:
            raise RecipeError(f"{self.image}: a sheet to print of an image: name the image that it is of")
        try:
            recipe = self.recipe()
            stages = recipe.stages
        except RecipeError as error:
            subject = load_subject(self.origin.recipe, name=self.name, folder=self.folder, files=self.files)
            if subject.scaled(2.0) != subject:  # it counts pixels of an image that nobody here knows the size of
                raise RecipeError(f"what the image shows depends on the size of its model: {error}") from error
            return Shown(self.image, subject)
        model = stages[-1].model
        subject = stages[-1].subject.scaled(model.image_shape[1] / model.shape[1])
        return Shown(self.image, subject, tuple(stage.model.image_shape[1] for stage in stages[:-1]))

    def looked_at(self) -> tuple[Subject, Picture]:
        """What the image shows, and its picture; errors are those of `shown` and of `Shown.picture`."""
        shown = self.shown()
        return shown.subject, shown.picture()


@contextmanager
def inside(image: Path, inputs: Mapping[str, str | Path] | None = None) -> Iterator[Inside]:
    """Open the recipe inside an image; its pictures are at hand as long as the block lasts.

    Arguments:
        image: A file that superpose wrote.
        inputs: Where files are that do not travel, by the names that the recipe inside has for them.

    Raises:
        RecipeError: If there is none inside, or a file of ``inputs`` is not there or not named by it.
    """
    origin = read_origin(image)
    with tempfile.TemporaryDirectory() as folder:
        travelling = unpacked(origin, Path(folder))
        given = given_files(image, origin, inputs or {})
        yield Inside(image, origin, Path(folder), given, {**travelling, **given})


@attrs.frozen
class Shown:
    """An image with its subject.

    Attributes:
        image: The image.
        subject: In the size of the picture.
        heights: Heights of the pictures of the stages before.
    """

    image: Path
    subject: Subject
    heights: tuple[int, ...] = ()

    def picture(self) -> Picture:
        """The picture.

        Raises:
            RecipeError: If it can't be looked at as its recipe says.
        """
        picture = _picture(self.image)
        for problem in _problems(self.subject, picture):
            raise RecipeError(f"{self.image}: {problem}")
        return picture


def _problems(subject: Subject, picture: Picture) -> Iterator[Problem]:
    channels, height, width = picture.shape
    for term in subject.view:
        if found := problems_of(term.view.problems, (channels, height, width)):
            yield from found
        else:
            yield from _problems(term.subject, term.view.frame(picture, 1.0))
    if subject.decomposition is not None:
        if found := problems_of(subject.decomposition.decomposition.problems, (channels, height, width)):
            yield from found
        else:
            for _, part in subject.decomposition.parts:
                yield from _problems(part, picture)
    for inner in () if subject.compose is None else subject.compose.conjuncts:
        yield from _problems(inner.subject, picture)


def _picture(path: Path) -> Picture:
    return picture_of(
        decoded(path, None, lambda image: np.asarray(image if image.mode == "L" else image.convert("RGB")))
    )
