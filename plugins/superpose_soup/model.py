r"""Model soups: one network whose weights are the mean of those of several fine-tunes (arXiv 2203.05482).

.. math:: \theta = \sum_i w_i\,\theta_i \qquad \sum_i w_i = 1

Fine-tunes of one network lie in one valley of its loss, so that a point between them is no worse than they are, and
asks the rows of one. Networks that were trained apart lie in valleys of their own: what is between them is noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Model, Problem, RecipeError, option, problems_of

if TYPE_CHECKING:
    from superpose import Clip, LearnedVariance, NoisePredictor, Process, Reading, Schedule


@attrs.frozen(kw_only=True)
class Soup(Model):
    """The mean of the weights of several fine-tunes of one network, which is asked as one of them.

    All must be the same network, told the same prompts on the same noise levels. The hashes of all weights are in each
    image. Models can be averaged that say which of their weights are to be (`NetworkPredictor.averaged`): of those
    that ship the ones that paint by a table of prompts.
    """

    kind = "soup"
    papers = ("arXiv 2203.05482",)
    models: tuple[Model, ...] = option(doc="the fine-tunes: a list of tables with their kinds")
    weights_of: tuple[float, ...] = option((), doc="share of each; equal when not given", gt=0, each=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a soup of nothing, and shares of others than there are."""
        if not self.models:
            raise RecipeError("models is empty: name the fine-tunes, as a list of tables with their kinds")
        if self.weights_of and len(self.weights_of) != len(self.models):
            raise RecipeError(f"weights_of has {len(self.weights_of)} shares for {len(self.models)} models")

    @property
    def first(self) -> Model:
        """The first fine-tune, which says what they have in common."""
        return self.models[0]

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of each, which sum to 1."""
        shares = self.weights_of or (1.0,) * len(self.models)
        return tuple(share / sum(shares) for share in shares)

    @property
    def shape(self) -> tuple[int, int, int]:
        """That of all."""
        return self.first.shape

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """That of all."""
        return self.first.image_shape

    @property
    def schedule(self) -> Schedule:
        """That of all."""
        return self.first.schedule

    @property
    def process(self) -> Process:
        """That of all."""
        return self.first.process

    @property
    def clip(self) -> Clip | None:
        """That of the first."""
        return self.first.clip

    @property
    def learned_variance(self) -> LearnedVariance | None:
        """That of all."""
        return self.first.learned_variance

    @property
    def upscales(self) -> bool:
        """True where they do."""
        return self.first.upscales

    @property
    def enlarges_canvases(self) -> bool:
        """True where they do."""
        return self.first.enlarges_canvases

    def problems(self) -> Iterator[Problem]:
        """Models that are not the same network, or whose weights can't be averaged."""
        from superpose_soup.averaging import misfit

        if found := [it.inside("models") for each in self.models for it in problems_of(each.problems)]:
            yield from found
            return
        first = _facts(self.first)
        for other in self.models[1:]:
            if _facts(other) != first:
                what = f"{other.kind} has other states, noise levels or variances than {self.first.kind}"
                yield Problem("models", what, "take fine-tunes of one network")
                return
        if why := misfit([each.load("meta") for each in self.models]):
            yield Problem("models", why, "take fine-tunes of one network, or use the guidance ensemble")

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that one of them does not know."""
        for each in self.models:
            yield from problems_of(each.prompt_problems, prompt)

    def readings_problems(self, readings: Sequence[Reading]) -> Iterator[Problem]:
        """Those of the first."""
        yield from self.first.readings_problems(readings)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights of all, and average them in float64."""
        from superpose_soup.averaging import averaged

        return averaged(self.models, self.shares, device, dtype)

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights of each of them, by its number and its name."""
        return {f"{i}-{name}": hash_ for i, it in enumerate(self.models) for name, hash_ in it.weights().items()}


def _facts(model: Model) -> tuple[object, ...]:
    return (
        model.shape,
        model.image_shape,
        model.schedule,
        model.process.name,
        model.learned_variance,
        model.unconditional,
        model.has_concat_conditioning,
    )
