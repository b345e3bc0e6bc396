"""The laws of losses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.estimate.problem import problems_of
from superpose.testing.law import Law, figures
from superpose.testing.probes import broken, keeps_form, noise

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.loss import BoundLoss, Loss


def check_loss(loss: Loss, channels: int = 3, height: int = 32, width: int = 32) -> dict[str, float]:
    """Hold a loss to all its laws on images of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    for problem in problems_of(loss.problems, (channels, height, width)):
        broken(loss, f"{channels}x{height}x{width}", f"it refuses this size: {problem}")
    return figures(laws(loss, channels, height, width))


def laws(loss: Loss, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of a loss on images of one size."""
    shape, bound = (channels, height, width), loss.bound_to((channels, height, width))
    yield Law("one-number-an-image", lambda: one_number_an_image(loss, bound, shape))
    yield Law("of-each-image-alone", lambda: keeps_form(loss, "of", bound.of, *shape))
    yield Law("has-a-gradient", lambda: has_a_gradient(loss, bound, shape))
    yield Law("falls-along-its-slope", lambda: falls_along_its_slope(loss, bound, shape))


def one_number_an_image(loss: Loss, bound: BoundLoss, shape: tuple[int, int, int]) -> float:
    """It answers N images with N finite numbers."""
    got = bound.of(noise(2, *shape, double=False))
    if tuple(got.shape) != (2,):
        broken(loss, "x".join(map(str, shape)), f"it tells {tuple(got.shape)} of 2 images; it must be (2,)")
    if not bool(got.isfinite().all()):
        broken(loss, "x".join(map(str, shape)), f"it is {got.tolist()} of noise: it must be finite")
    return 0.0


def has_a_gradient(loss: Loss, bound: BoundLoss, shape: tuple[int, int, int]) -> float:
    """Torch can differentiate it, and finds finite values that are not all zero."""
    slope = _slope(bound, noise(2, *shape, double=False))[1]
    largest = float(slope.abs().max())
    if not 0 < largest < float("inf"):
        what = f"its largest gradient is {largest}: write it so that torch can differentiate it"
        broken(loss, "x".join(map(str, shape)), what)
    return 0.0


def falls_along_its_slope(loss: Loss, bound: BoundLoss, shape: tuple[int, int, int]) -> float:
    """A little way against the gradient the loss of every image is less: the gradient is its own."""
    x = noise(2, *shape, double=False)
    before, slope = _slope(bound, x)
    length = slope.flatten(1).norm(dim=1).view(-1, 1, 1, 1).clamp(min=1e-30)
    for way in (1.0, 0.1, 0.01):
        if bool((bound.of(x - way * slope / length) < before).all()):
            return 0.0
    return broken(loss, "x".join(map(str, shape)), "it does not fall against its gradient, which is another's then")


def _slope(bound: BoundLoss, x: Tensor) -> tuple[Tensor, Tensor]:
    import torch

    x = x.detach().requires_grad_()
    with torch.enable_grad():
        values = bound.of(x)
        if not values.requires_grad:
            return values, torch.zeros_like(x)
        [slope] = torch.autograd.grad(values.sum(), x)
    return values.detach(), slope
