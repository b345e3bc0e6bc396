r"""The law of a whole tree of denoisers, probed from outside.

Where nothing in the image is noise, every network says :math:`x / \alpha`, and so must the tree, whatever it is made
of: a mix that is written by hand, a wrapper that checks nothing. `Mix.check` explains where this only finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from superpose.errors import LawError
from superpose.estimate.denoiser import Denoiser, Known
from superpose.estimate.estimation import answered, begun
from superpose.estimate.mix import TOLERANCE
from superpose.estimate.noised import Arranged, Noised
from superpose.estimate.on_canvas import misshapen
from superpose.estimate.parts import all_parts
from superpose.estimate.prediction import Estimate, Prediction, output_from
from superpose.estimate.predictor import NoisePredictor

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.query import Query
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel

    Evaluate = Callable[[Denoiser, Tensor, NoiseLevel], Estimate]

#: Deviation of the probe: far inside every range that clean images are clipped to.
SMALL = 0.05


def unchanged(x: Tensor, level: NoiseLevel) -> Tensor:
    """The clean image where nothing in ``x`` is noise; without any signal, ``x`` as it is."""
    return x / (level.alpha or 1.0)


def departure(denoiser: Denoiser, shape: Shape, level: NoiseLevel, evaluate: Evaluate, conditioning: int = 0) -> float:
    """Largest difference of what a tree says from what it is shown, relative to that; 0 for a lawful one.

    Arguments:
        denoiser: The tree, not clipped more tightly than images are.
        shape: (C, H, W) of one state.
        level: The level to ask at.
        evaluate: Asks networks that answer `unchanged`.
        conditioning: Channels that lie beside the state.
    """
    clean = torch.randn((1, shape[0] + conditioning, *shape[1:]), generator=torch.Generator().manual_seed(0)) * SMALL
    off = _off(denoiser, clean * (level.alpha or 1.0), shape[0], level, evaluate)
    if off <= TOLERANCE:
        return off
    try:  # rounding, of a guidance of scale 10,000, is no fault
        return min(off, _off(denoiser, clean.double() * (level.alpha or 1.0), shape[0], level, evaluate))
    except RuntimeError:  # it has tensors of its own, which are float32
        return off


@torch.no_grad()
def _off(denoiser: Denoiser, x: Tensor, channels: int, level: NoiseLevel, evaluate: Evaluate) -> float:
    want = unchanged(x[:, :channels], level)
    if isinstance(denoiser, Arranged):
        denoiser, x = Noised(denoiser, channels), torch.cat((want, torch.zeros_like(want)), 1)
    estimate, largest = evaluate(denoiser, x, level), 0.0
    for got in (estimate.clean, estimate.renoise):
        if got is None:
            continue
        if got.shape != want.shape:
            shapes = f"{tuple(got.shape[1:])} of {tuple(want.shape[1:])}"
            raise LawError(f"{type(denoiser).__name__} makes an image of {shapes}")
        off = float((got - want).abs().max() / want.abs().max())
        largest = max(largest, off if off == off else float("inf"))  # noqa: PLR0124  (not a number)
    return largest


def unlawful(name: str, off: float, level: NoiseLevel) -> str:
    """Sentence about a tree that departs so far from the law."""
    return (
        f"{name} is not lawful: where every network answers x / alpha, it answers something {off:.3g} times that away "
        f"from it (at t = {level.t:g}); its weights must sum to 1, and what it does to x it must undo: mix with "
        "superpose.guided, viewed, factorized or Mix"
    )


def check_law(denoiser: Denoiser, shape: Shape, levels: Sequence[NoiseLevel], conditioning: int = 0) -> None:
    """Hold a tree to the law, asking no network.

    A tree with a `Known` in it is held to it in its parts alone: what is known beforehand does not depend on x.

    Raises:
        LawError: If it is broken, with the figure.
    """
    denoiser.check(shape)
    if any(isinstance(part, Known) for part in all_parts(denoiser)):
        return
    for level in levels:
        if (off := departure(denoiser, shape, level, _without_networks, conditioning)) > TOLERANCE:
            raise LawError(unlawful(type(denoiser).__name__, off, level))


def _without_networks(denoiser: Denoiser, x: Tensor, level: NoiseLevel) -> Estimate:
    return answered(begun(denoiser, x, level), lambda asks: [_evaluate(ask, ask.level or level) for ask in asks])


def _evaluate(ask: Query, level: NoiseLevel) -> Prediction:
    predictor = ask.predictor
    if isinstance(predictor, NoisePredictor) and tuple(ask.x.shape[2:]) != tuple(predictor.shape[1:]):
        raise LawError(misshapen(predictor.shape, ask.x.shape[1:]))
    with torch.set_grad_enabled(ask.gradient):
        if not isinstance(predictor, NoisePredictor):
            return Prediction(ask.x * 0)  # a classifier that does not care
        state = ask.x[:, : predictor.shape[0]]
        output = output_from(predictor.parameterization, unchanged(state, level), state, level)
    learned = torch.zeros_like(state) if predictor.learned_variance != "none" else None
    return Prediction(output, learned)
