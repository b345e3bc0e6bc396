"""Pairs of pictures before and after an edit by words, with what is said to change: data for models that edit.

Pair n is sample n of two recipes, of which one is told what is before and the other what is after, as InstructPix2Pix
made its data (Brooks et al. 2022, arXiv 2211.09800). Both are images as ``superpose run`` writes them.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs

from superpose.errors import PromptError, RecipeError
from superpose.estimate.problem import problems_of, refuse
from superpose.kinds.kind import with_options
from superpose.kinds.options import options_of
from superpose.media.filmstrip import Strip, drawn
from superpose.media.images import read_image, read_picture
from superpose.media.png import write_png
from superpose.media.writing import write_text
from superpose.running.composition import compose_of
from superpose.running.job import Job
from superpose.running.networks import Networks
from superpose.running.threads import threads

if TYPE_CHECKING:
    from superpose.recipe import Recipe
    from superpose.recipe.edits import Edits, Told
    from superpose.sampling.constraint import Constraint

#: Pairs that are kept, and those that are not, a line each; and what shows some of them.
INDEX, LEFT_OUT, SHEET = "edits.jsonl", "left-out.jsonl", "edits.png"
#: Pairs on a row of the sheet, and rows of it; letters of a line above a pair.
ACROSS, ROWS, LETTERS = 8, 2, 14
#: The option by which a constraint is told the prompt of what it edits.
SOURCE = "source"


#: A line of a list.
Line: TypeAlias = "dict[str, object]"
SIDES = ("before", "after")


class Listing(NamedTuple):
    """Numbers of lines of both lists: pairs that are kept, and those that a condition leaves out."""

    kept: int
    left_out: int


@attrs.frozen(eq=False)
class EditPairs:
    """Pairs of a recipe that edits, in a folder.

    Attributes:
        recipe: Recipe of an edit; ``run.samples`` is the number of pairs.
        edits: What they are told.
        out: The folder.

    Raises:
        RecipeError: If nothing is kept of the picture before, or the recipe has no prompt of its own.
    """

    recipe: Recipe
    edits: Edits
    out: Path

    def __attrs_post_init__(self) -> None:
        """Refuse a recipe that edits nothing, and prompts that its network does not know."""
        subject = self.recipe.subject
        if subject.prompt is None or subject.interpolate is not None:
            raise RecipeError("a pair is of one prompt, which each edit puts in place: give the recipe a prompt alone")
        if not any(map(_edits, self.recipe.constraint)):
            raise RecipeError(
                f"no constraint of the recipe is told the prompt before, as an option {SOURCE!r}, so nothing would be "
                "kept of it: add one, as superpose kinds constraint lists"
            )
        for prompt in dict.fromkeys(chain.from_iterable(self.told(pair)[:2] for pair in self.numbers)):
            refuse(problems_of(self.recipe.model.prompt_problems, prompt), PromptError)

    @property
    def numbers(self) -> range:
        """Numbers of all pairs."""
        return range(self.recipe.run.samples)

    @property
    def index(self) -> Path:
        """The list of the pairs."""
        return self.out / INDEX

    @property
    def sheet(self) -> Path:
        """A picture of the first pair of each instruction; not there where no pair is."""
        return self.out / SHEET

    def told(self, pair: int) -> Told:
        """Both prompts of a pair, and what is said to change."""
        return self.edits.told(self.recipe.run.seed, pair)

    def paths(self, pair: int) -> tuple[Path, Path]:
        """The pictures of a pair, before and after."""
        return self.out / f"{pair:05}-before.png", self.out / f"{pair:05}-after.png"

    def recipes(self, told: Told) -> tuple[Recipe, Recipe]:
        """Recipes of the picture before and of the one after."""
        edited = tuple(with_options(one, source=told.before) if _edits(one) else one for one in self.recipe.constraint)
        plain = tuple(one for one in self.recipe.constraint if not _edits(one))
        return self._recipe(told.before, plain), self._recipe(told.after, edited)

    def make(self, device: str = "cpu", *, overwrite: bool = False) -> Iterator[int]:
        """Make what is missing; yields the number of pairs that are there, each time that it has grown.

        Arguments:
            device: Where to run: a torch device.
            overwrite: Whether images of other recipes may be replaced.

        Raises:
            RecipeError: If an image of another recipe is in the way, or a condition can't be computed.
        """
        networks, there = Networks(self.recipe.run, device), 0
        for told, group in groupby(self.numbers, self.told):
            pairs = tuple(group)
            for side, recipe in enumerate(self.recipes(told)):
                names = {pair: self.paths(pair)[side].name for pair in pairs}
                self._make(recipe, names, networks, overwrite)
            if not there:
                self._losses(0)  # what can't be computed is told before the others are made
            there += len(pairs)
            yield there

    def write_index(self) -> Listing:
        """List the pairs that are there, and show the first of each instruction; those left out have a list too."""
        lists: dict[bool, list[Line]] = {True: [], False: []}
        for pair in self.numbers:
            if all(path.exists() for path in self.paths(pair)):
                losses = self._losses(pair)
                keeps = all(each.holds(loss) for each, loss in zip(self.edits.keep, losses, strict=True))
                lists[keeps] += self._lines(pair, losses)
        for keeps, name in ((True, INDEX), (False, LEFT_OUT)):
            write_text("".join(json.dumps(line) + "\n" for line in lists[keeps]), self.out / name)
        self._write_sheet(lists[True])
        return Listing(len(lists[True]), len(lists[False]))

    def _recipe(self, prompt: str, constraints: tuple[Constraint, ...]) -> Recipe:
        subject = attrs.evolve(self.recipe.subject, prompt=prompt)
        own: Any = constraints  # mypy takes the field's converter for its type
        return attrs.evolve(self.recipe, subject=subject, constraint=own)

    def _make(self, recipe: Recipe, names: Mapping[int, str], networks: Networks, overwrite: bool) -> None:
        """Make the images of one side of some pairs that are told the same."""
        with threads(recipe.run.threads):
            composition = compose_of(recipe, networks)
        job = Job.begun(recipe, composition, self.out, names=names, resume=True)
        job.refuse_to_replace(overwrite)
        for _ in job.make_pending():
            pass
        job.settle()

    def _write_sheet(self, lines: Iterable[Line]) -> None:
        """Show the first pair of each instruction, as many as there is room for; without any there is no sheet."""
        first = list({line["instruction"]: line for line in reversed([*lines])}.values())[::-1][: ACROSS * ROWS]
        strips = []
        for start in range(0, len(first), ACROSS):
            some = first[start : start + ACROSS]
            headings = [_two_lines(str(line["instruction"])) for line in some]
            pictures = [(side, [read_picture(self.out / str(line[side])) for line in some]) for side in SIDES]
            strips.append(Strip(headings, pictures))
        if strips:
            write_png(self.sheet, drawn(strips))

    def _lines(self, pair: int, losses: list[float]) -> Iterator[Line]:
        """A pair as the list has it, and the same the other way round where it is said what changes it back."""
        told, (before, after) = self.told(pair), (path.name for path in self.paths(pair))
        ways = [(before, told.instruction, after, [told.before, told.after])]
        if told.back:
            ways.append((after, told.back, before, [told.after, told.before]))
        for first, instruction, second, prompts in ways:
            line: Line = {"before": first, "instruction": instruction, "after": second}
            yield line | {"pair": pair, "prompts": prompts} | ({"losses": losses} if losses else {})

    def _losses(self, pair: int) -> list[float]:
        """Losses of a pair, one of each condition."""
        if not self.edits.keep:
            return []
        shape, (before, after) = self.recipe.image_shape, self.paths(pair)
        picture = read_image(after, shape)[None]
        return [round(float(each.of(before).bound_to(shape).of(picture)), 4) for each in self.edits.keep]


def _edits(constraint: Constraint) -> bool:
    """True for a constraint that is told the prompt of what it edits."""
    return any(one.name == SOURCE for one in options_of(type(constraint)))


def _two_lines(text: str) -> tuple[str, str]:
    """A text in two lines as short as they must be to stand above a picture."""
    lines = [*textwrap.wrap(text, LETTERS), "", ""]
    return lines[0], lines[1]
