r"""Reductions: how what several views say becomes one image.

The mean is `viewed`, and is lawful whatever the scheduler is. Others are in use:

- one view a step, in turn (Illusion Diffusion; Visual Anagrams' ``alternate``): each step is that of one lawful view.
- the mean with the variance of noise kept (Anagram-MTL, arXiv 2412.02693): where views disagree, the mean of their
  noises is too short, and it is made as long as they are:

  .. math:: \epsilon = c \sum_i w_i \epsilon_i, \qquad
            c^2 = \frac{\sum_i w_i \overline{\epsilon_i^2}}{\overline{(\sum_i w_i \epsilon_i)^2}}

  For noises of variance 1 that is the paper's :math:`c^{-2} = \sum_i w_i^2 + 2 \sum_{i<j} w_i w_j \rho_{ij}`; equal
  views of one prompt are the prompt alone, whatever a network's variance is.
- OR and AND of their densities: `superpose.estimate.superposed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from superpose.errors import LawError, RecipeError, RunError
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.estimation import begun, together
from superpose.estimate.mix import TOLERANCE, Mix, Term
from superpose.estimate.prediction import Estimate, renoised
from superpose.estimate.superposed import AND, OR, PAPER, superposed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from superpose.estimate.query import Estimation
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel

Reduction = Literal["mean", "alternate", "keep-variance", "superdiff-or", "superdiff-and"]
#: The names of the reductions.
REDUCTIONS: tuple[str, ...] = get_args(Reduction)
#: Where each comes from, where that is not what the views themselves come from.
PAPERS = {"keep-variance": ("arXiv 2412.02693",), OR: (PAPER,), AND: (PAPER,)}


def reduced(mix: Mix, reduction: str, densities: Mix | None = None, lifts: Sequence[float] = ()) -> Denoiser:
    """The views of a mix, made one image in another way.

    Arguments:
        mix: What `viewed` gives.
        reduction: One of `REDUCTIONS`.
        densities: For the two of SuperDiff the same views without guidance, where there is some.
        lifts: For ``superdiff-and``, by how many nats each view is to be more likely in the end than the others.

    Raises:
        LawError: If it takes turns or keeps densities equal, and the views have different weights; or compares the
            densities of what has none.
        RecipeError: If there is no such reduction.
    """
    if reduction == "mean":
        return mix
    if any(term.whole is not None for term in mix.terms):
        raise LawError(f"reduction {reduction!r} is of views of the whole image, and here are parts: leave it out")
    match reduction:
        case "alternate":
            if len({term.weight for term in mix.terms}) > 1:
                raise LawError("views that take turns have no weights: leave them out, or use the mean")
            return Alternating(tuple(_alone(mix, term) for term in mix.terms))
        case "keep-variance":
            parts = tuple(_alone(mix, term) for term in mix.terms)
            return Rectified(parts, tuple(term.weight for term in mix.terms))
        case "superdiff-or" | "superdiff-and":
            return superposed(reduction, mix, densities, lifts)
    raise RecipeError(f"unknown reduction {reduction!r}; known: {', '.join(REDUCTIONS)}")


def _alone(mix: Mix, term: Term) -> Mix:
    return Mix((attrs.evolve(term, weight=1.0, variance_weight=1.0),), mix.name)


@attrs.frozen(eq=False)
class Alternating(Denoiser):
    """Denoisers that take turns, one a step."""

    turns: Sequence[Denoiser]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask the one whose turn it is.

        Raises:
            RunError: If the level does not say in which step it is asked at.
        """
        if level.step is None:
            raise RunError(
                "views take turns by the number of the step, and this level does not say it: sample along a plan, or "
                "ask at plan.asked(step)"
            )
        return self.turns[level.step.index % len(self.turns)].estimate(x, level)


@attrs.frozen(eq=False)
class Rectified(Denoiser):
    """A mean of denoisers whose noise has the variance that noise has, sample by sample.

    Attributes:
        parts: The denoisers.
        weights: Their shares, which sum to 1.
    """

    parts: Sequence[Denoiser]
    weights: Sequence[float]

    def check(self, shape: Shape) -> None:
        """Probe the law of each, and that the shares sum to 1."""
        super().check(shape)
        if not abs(sum(self.weights) - 1) <= TOLERANCE:
            raise LawError(f"a mean is not lawful: its weights sum to {sum(self.weights):g}, and must sum to 1")

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask all side by side; without any signal the noise is the state itself, and the mean is right."""
        found = yield from together(begun(part, x, level) for part in self.parts)
        mean = Estimate(
            _sum(self.weights, [each.clean for each in found]),
            *(
                _sum(self.weights, values) if all(value is not None for value in values) else None
                for values in (
                    [each.variance for each in found],
                    [each.guidance_gradient for each in found],
                    renoised(found),
                    [each.displacement for each in found],
                )
            ),
        )
        if level.alpha == 0:
            return mean
        state = x[:, : mean.clean.shape[1]]
        off = [each.clean if each.renoise is None else each.renoise for each in (mean, *found)]
        noise, *noises = (state - level.alpha * clean for clean in off)
        lengths = [_power(each) for each in noises]
        longer = (_sum(self.weights, lengths) / _power(noise).clamp(min=1e-24)).sqrt().clamp(max=len(found)) - 1
        shift = noise * (longer / level.alpha).to(noise.dtype)
        return mean.mapped(lambda clean: clean - shift)


def _power(noise: Tensor) -> Tensor:
    """The mean square of each sample, shape (N, 1, 1, 1), float64: its bits do not depend on the batch."""
    return noise.double().square().mean((1, 2, 3), keepdim=True)


def _sum(weights: Sequence[float], tensors: Sequence[Any]) -> Any:
    total = tensors[0] * weights[0]
    for weight, tensor in zip(weights[1:], tensors[1:], strict=True):
        total.add_(tensor, alpha=weight)
    return total
