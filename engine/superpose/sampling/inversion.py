r"""Inversion: the noise that a deterministic sampler would have made an image from (DDIM, arXiv 2010.02502, sec. 4.3).

The probability flow is run backwards. Told the clean image :math:`x_0` that the network sees in :math:`x_s`,

.. math:: x_t = \alpha_t x_0 + \sigma_t \epsilon, \qquad \epsilon = (x_s - \alpha_s x_0) / \sigma_s

for each level t above s: DDIM's own step, upwards. Where a classifier steers, it steers on the way up as well. A real
image is taken to be at the first level that the network knows, where there is hardly any noise. Diffusion autoencoders
(arXiv 2111.15640) call the result the stochastic code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch

from superpose.errors import RecipeError
from superpose.estimate.batching import BatchedEvaluator
from superpose.estimate.prediction import with_gradient
from superpose.levels.noise_level import NoiseLevel
from superpose.levels.plan import Plan
from superpose.sampling.transition import moved

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.predictor import Conditioning, NoisePredictor
    from superpose.sampling.noise import NoiseLaw

#: The time that a network is told on the way up: that of its state, or of the level that this goes to.
Ask: TypeAlias = Literal["here", "there"]

#: Where guided-diffusion and the diffusion autoencoders end: all noise, one level above the noisiest that is sampled.
ALL_NOISE = NoiseLevel(0, -1.0, 0.0, 1.0)


@torch.no_grad()
def invert(
    denoiser: Denoiser,
    images: Tensor,
    levels: Plan | Sequence[NoiseLevel],
    *,
    to_noise: bool = True,
    batch_size: int | None = None,
    predictor: NoisePredictor | None = None,
    conditioning: Conditioning | None = None,
    ask: Ask = "here",
) -> Tensor:
    r"""The states from which DDIM without noise leads to ``images``, to first order in the size of a step.

    >>> import superpose
    >>> model = superpose.model("glyphs")
    >>> scheduler = superpose.make("scheduler", "ddim", steps=10)
    >>> shown = superpose.Clipped(superpose.prompted(model, "A"), model.clip)
    >>> images = superpose.sample(superpose.prompted(model, "A"), scheduler, model)
    >>> tuple(superpose.invert(shown, images, scheduler.plan(model.schedule)).shape)
    (1, 3, 32, 32)

    Arguments:
        denoiser: Under which the images are explained: a prompt or any composition, clipped where sampling will clip.
        images: States to start from, shape (N, C, H, W); for a model of pixels, images in [-1, 1].
        levels: The plan that will be sampled, whose levels are climbed (a plan that climbs already has no inverse); or
            the levels to climb, in rising order of noise, the first of them that at which ``images`` are taken to be.
        to_noise: Go on from the noisiest level to pure noise (:math:`\alpha = 0, \sigma = 1`), as the originals do: the
            result is then the noise alone. False stops at the noisiest level, with its part of the image: where
            sampling starts there, this leads back more exactly.
        batch_size: Rows of a forward pass; see `BatchedEvaluator`.
        predictor: Whose samples have something laid beside them; None where nothing is.
        conditioning: What that is, with a row for each image.
        ask: The time that the network is told on the way up: that of the state ("here"), or of the level that it goes
            to ("there"), as Prompt-to-Prompt and null-text inversion do.

    Returns:
        Shape (N, C, H, W), float32.

    Raises:
        RecipeError: If the levels do not rise, or one is free of noise, where no network can be asked.
    """
    climbed = ascent(levels)
    path = [*climbed, ALL_NOISE] if to_noise else climbed
    *_, top = _climbing(denoiser, images, levels, path, batch_size, predictor, conditioning, ask)
    return top


@torch.no_grad()
def inverted_states(
    denoiser: Denoiser,
    images: Tensor,
    plan: Plan,
    *,
    batch_size: int | None = None,
    predictor: NoisePredictor | None = None,
    conditioning: Conditioning | None = None,
    ask: Ask = "here",
) -> list[Tensor]:
    """The states of `invert` at every level of a plan, noisiest first; the images at a level without noise.

    Arguments and errors as of `invert`; where the plan ends at some noise, the images are taken to be there.
    """
    climbed = ascent(plan)
    found = list(_climbing(denoiser, images, plan, climbed, batch_size, predictor, conditioning, ask))
    return [*reversed(found), *([images.float()] * (len(plan.levels) - len(found)))]


def _climbing(
    denoiser: Denoiser,
    images: Tensor,
    levels: Plan | Sequence[NoiseLevel],
    path: Sequence[NoiseLevel],
    batch_size: int | None,
    predictor: NoisePredictor | None,
    conditioning: Conditioning | None,
    ask: Ask,
) -> Iterator[Tensor]:
    """The state at each level of the path, from the images up."""
    answer = BatchedEvaluator(
        batch_size, {predictor: conditioning.per_sample} if predictor is not None and conditioning is not None else None
    )
    x = images.float()
    yield x
    for here, there in itertools.pairwise(path):
        seen = x if conditioning is None or conditioning.channels is None else torch.cat((x, conditioning.channels), 1)
        asked = answer(denoiser, seen, _asked(here, there, levels, ask))
        estimate = with_gradient(asked, here)
        clean, renoise = estimate.clean, estimate.renoise
        # On the way down the noise that is read off `renoise` is added to `clean`: on the way up it is the other way.
        back, off = (clean, None) if renoise is None else (renoise, clean)
        x = moved(x, back, here, there, _no_noise, renoise=off)
        yield x


def ascent(levels: Plan | Sequence[NoiseLevel]) -> list[NoiseLevel]:
    """The levels to climb, cleanest first.

    Raises:
        RecipeError: As `invert`.
    """
    if isinstance(levels, Plan):
        climbed = [level for level in reversed(levels.levels) if level.sigma > 0]
    else:
        climbed = list(levels)
    ratios = [level.ratio for level in climbed]
    if not climbed or ratios[0] <= 0:
        raise RecipeError("inversion starts at a level with noise, where a network can be asked: leave out sigma = 0")
    for lower, upper in itertools.pairwise(climbed):
        if upper.ratio <= lower.ratio:
            raise RecipeError(
                f"inversion climbs, and t = {upper.t:g} is no noisier than t = {lower.t:g} before it: give rising "
                "levels, or a plan that only descends"
            )
    return climbed


def _asked(here: NoiseLevel, there: NoiseLevel, levels: Plan | Sequence[NoiseLevel], ask: Ask) -> NoiseLevel:
    """The level that a network is asked at in a state at ``here``, on its way to ``there``."""
    if ask == "here" or there is ALL_NOISE:
        return _in_its_step(here, levels)
    told = _in_its_step(there, levels)
    level = here._replace(t=there.t)
    return level if told.step is None else level.asked_in(told.step)


def _in_its_step(level: NoiseLevel, levels: Plan | Sequence[NoiseLevel]) -> NoiseLevel:
    """The level as the plan will ask at it on the way down: what a denoiser does in a step, it does on the way up."""
    if isinstance(levels, Plan) and level.index < levels.steps:
        return levels.asked(level.index)
    return level


def _no_noise(purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
    del law
    raise AssertionError(f"inversion is deterministic, and was asked for noise ({purpose})")
