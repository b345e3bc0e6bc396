"""Words as recipes name them: a model of letters, asked for a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Model, Problem, RecipeError, option, problems_of
from superpose_words.columns import turned, wide
from superpose_words.rates import Rate, rates_of

if TYPE_CHECKING:
    from superpose import Clip, InterpolationPath, LearnedVariance, NoisePredictor, Process, Reading, Schedule

#: Letters of a word, at most.
LONGEST = 24
#: Letters that are named in the place of one that can't be read.
BEST = 5


@attrs.frozen(kw_only=True)
class Word(Model):
    """A word, letter by letter: images of another model beside each other on one canvas, one of each letter.

    Prompts are words of as many letters, each letter a prompt of that model; "" says nothing of any. Views, parts,
    guidance and constraints see the whole canvas, so that a word may be another one upside down, or from far away.
    """

    kind = "word"
    letters: int = option(4, doc="letters of a word", ge=1, le=LONGEST)
    model: Model = option(doc="the network that paints a letter: a table with its kind")
    strict: bool = option(True, doc="refuse letters that no drawing was ever read as upside down, where that is known")

    def __attrs_post_init__(self) -> None:
        """Refuse a network that sees more than the letter that it paints."""
        if self.model.has_concat_conditioning:
            raise RecipeError(f"model {self.model.kind!r} paints over what is there: letters come from a first model")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, n W) of a state."""
        return wide(self.model.shape, self.letters)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, n W) of a picture."""
        return wide(self.model.image_shape, self.letters)

    @property
    def columns(self) -> int:
        """One a letter."""
        return self.letters

    @property
    def schedule(self) -> Schedule:
        """That of the letters."""
        return self.model.schedule

    @property
    def process(self) -> Process:
        """That of the letters."""
        return self.model.process

    @property
    def clip(self) -> Clip | None:
        """That of the letters."""
        return self.model.clip

    @property
    def learned_variance(self) -> LearnedVariance | None:
        """That of the letters."""
        return self.model.learned_variance

    @property
    def differentiable(self) -> bool:
        """That of the letters."""
        return self.model.differentiable

    @property
    def interpolation(self) -> InterpolationPath | None:
        """That of the letters."""
        return self.model.interpolation

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights of the letters."""
        from superpose_words.predictor import Spelled

        return Spelled(self.model.load(device, dtype), self.letters, self.model.unconditional)

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A word of another length, and letters that the model does not know."""
        if prompt and len(prompt) != self.letters:
            cure = f"write letters = {len(prompt)}" if len(prompt) <= LONGEST else f"use at most {LONGEST}"
            yield Problem("", f"{prompt!r} has {len(prompt)} letters, and the canvas {self.letters}", cure)
        for letter in dict.fromkeys(prompt or (self.model.unconditional,)):
            yield from problems_of(self.model.prompt_problems, letter)

    def readings_problems(self, readings: Sequence[Reading]) -> Iterator[Problem]:
        """Letters that are no others upside down in any drawing that was measured, the weakest first."""
        rates = rates_of(self.model) if self.strict else {}
        if not rates:
            return
        asked = {(rates.get(frozenset(each[1:])), each) for each in turned(readings, self.image_shape, self.letters)}
        weak = sorted((rate, each) for rate, each in asked if rate and not rate.both)
        if weak:
            told = "; ".join(f"letter {each.column + 1}, {each.upright!r} and {each.other!r}" for _, each in weak)
            others = "; ".join(_others(letter, rates) for letter in dict.fromkeys(weak[0][1][1:]))
            cure = f"choose other letters ({others}), or write strict = false to draw them anyway"
            yield Problem("strict", f"of {weak[0][0].samples} drawings none is read right both ways of {told}", cure)

    def problems(self) -> Iterable[Problem]:
        """Problems with the files of the letters."""
        return (problem.inside("model") for problem in problems_of(self.model.problems))

    def weights(self) -> dict[str, str]:
        """Those of the letters."""
        return self.model.weights()


def _others(letter: str, rates: Mapping[frozenset[str], Rate]) -> str:
    """The letters that a letter is upside down most often, in words."""
    found = sorted(((rate, pair) for pair, rate in rates.items() if letter in pair and rate.both), reverse=True)
    told = ", ".join("".join(pair - {letter}) or letter for _, pair in found[:BEST])
    return f"{letter} can be {told or 'none'}"
