"""The best of several: particles that know nothing of each other, of which the one with the greatest reward is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Classifier, Population, Potential, option
from superpose_populations.likelihood import Likelihood, Reward, clean, problems

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Context, Model, Problem, Reading, Transition


@attrs.frozen(kw_only=True)
class BestOf(Population):
    """Keeps the best of several images: that which a classifier takes most likely for what it is to show.

    Of an illusion the weakest reading counts. It costs as much as so many samples, and is what every population that
    resamples has to be better than.
    """

    kind = "best-of"
    classifier: Classifier = option(doc="the classifier that reads the images: a table with its kind")
    label: str | None = option(None, doc="the class of the whole image; each prompt in its view or part when absent")

    def problems(self, model: Model, prompts: Sequence[str]) -> Iterator[Problem]:
        """A classifier of another size, or that does not know what it is to read."""
        yield from problems(self.classifier, self.label, model, prompts)

    def bind(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """The potential, with the classifier read."""
        return Judged(Likelihood.of(self.classifier, self.label, self.size, context, readings))


@attrs.frozen(eq=False)
class Judged(Potential):
    """Weights by a reward."""

    reward: Reward

    def weigh(self, made: Transition, memory: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The reward itself."""
        return self.reward(clean(made)), memory
