"""A recipe that names several files is one recipe for each of them, and their images lie in one folder.

Each image is that of the recipe which names its file alone, to the bit, and has that recipe inside, so that it is
replayed, resumed and looked at as any other. It is called as its file is.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.media.films import Film, write_frames
from superpose.recipe.patterns import is_pattern, matches, several, with_files

if TYPE_CHECKING:
    from superpose.recipe import Recipe

#: Noise of a run over several files.
SHARED = "shared"


@attrs.frozen
class Member:
    """Recipe of one file.

    Attributes:
        name: That of the file, without its end.
        recipe: The recipe that names it alone.
        samples: Numbers of its samples.
    """

    name: str
    recipe: Recipe
    samples: tuple[int, ...]

    def names(self) -> Mapping[int, str]:
        """What the image of each sample is called."""
        if len(self.samples) == 1:
            return {self.samples[0]: f"{self.name}.png"}
        return {sample: f"{self.name}-{i:04}.png" for i, sample in enumerate(self.samples)}


@attrs.frozen
class Several:
    """Recipes that a recipe of several files stands for.

    Attributes:
        members: One for each file.
        film: The film that the files are the frames of, and its name; None where they are files of their own.
    """

    members: tuple[Member, ...]
    film: tuple[str, Film] | None = None


@contextmanager
def members_of(recipe: Recipe) -> Iterator[Several]:
    """What a recipe of several files stands for; frames of films are files as long as the block lasts.

    Raises:
        RecipeError: If its patterns name different numbers of files, or files of one name.
    """
    with tempfile.TemporaryDirectory() as folder:
        films: dict[Path, Film] = {}
        found: dict[Path, Sequence[Path]] = {}
        for number, path in enumerate(several(recipe)):
            if is_pattern(path):
                found[path] = matches(path)
                continue
            mine = Path(folder) / str(number)
            mine.mkdir()
            films[path] = write_frames(path, mine)
            found[path] = films[path].frames
        first = next(iter(found))
        _check_alike(found)
        files = [dict(zip(found, each, strict=True)) for each in zip(*found.values(), strict=True)]
        members = tuple(_member(recipe, number, each, each[first].stem) for number, each in enumerate(files))
        _check_names(found[first])
        yield Several(members, (first.name, films[first]) if first in films else None)


def _member(recipe: Recipe, number: int, files: Mapping[Path, Path], name: str) -> Member:
    count = recipe.run.samples
    begin = 0 if recipe.run.noise == SHARED else number * count
    plain = attrs.evolve(recipe.run, noise=attrs.fields(type(recipe.run)).noise.default)
    alone = attrs.evolve(with_files(recipe, files), run=plain)
    return Member(name, alone, tuple(range(begin, begin + count)))


def _check_alike(found: Mapping[Path, Sequence[Path]]) -> None:
    counts = {path: len(files) for path, files in found.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{path.name} names {count}" for path, count in counts.items())
        raise RecipeError(f"files are taken one of each at a time, and {told}: give as many of each")
    patterns = [files for path, files in found.items() if is_pattern(path)]
    for one, other in ((first, second) for each in zip(*patterns, strict=True) for first, second in pairwise(each)):
        if one.stem != other.stem:
            raise RecipeError(f"{one.name} and {other.name} would be taken together: call alike what belongs together")
    if not any(counts.values()):
        raise RecipeError(f"no file matches {next(iter(found))}")


def _check_names(files: Sequence[Path]) -> None:
    named: dict[str, Path] = {}
    for path in files:
        if (other := named.setdefault(path.stem.lower(), path)) != path:
            raise RecipeError(f"{other.name} and {path.name} would both be made into {path.stem}.png: rename one")
    if sheet := next((path for path in files if path.stem.lower().startswith("sheet")), None):
        raise RecipeError(f"{sheet}: its image would be called as the contact sheet is: rename it")


def identity(runs: Sequence[str]) -> str:
    """Identity of all runs together."""
    return hashlib.sha256("\n".join(runs).encode()).hexdigest()[:16]
