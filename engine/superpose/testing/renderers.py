"""The laws of renderers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.estimate.problem import problems_of
from superpose.testing.law import Law, figures
from superpose.testing.probes import broken, gap, noise, unwritten

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.renderer import BoundRenderer, Renderer

    Shape = tuple[int, int, int]

#: Seeds of two samples.
SEEDS = (3, 2**62 + 1)


def check_renderer(renderer: Renderer, channels: int = 3, height: int = 32, width: int = 32) -> dict[str, float]:
    """Hold a renderer to all its laws on pictures of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    for problem in problems_of(renderer.problems, (channels, height, width)):
        broken(renderer, f"{channels}x{height}x{width}", f"it refuses this size: {problem}")
    return figures(laws(renderer, channels, height, width))


def laws(renderer: Renderer, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of a renderer on pictures of one size."""
    shape = channels, height, width
    bound = renderer.bound_to(shape)
    yield Law("draws-a-picture-in-range", lambda: draws_a_picture_in_range(renderer, bound, shape))
    yield Law("is-of-its-seed", lambda: is_of_its_seed(renderer, bound, shape))
    if renderer.begins:
        yield Law("begins-at-a-picture", lambda: begins_at_a_picture(renderer, bound, shape))
    yield Law("leaves-its-arguments-alone", lambda: leaves_its_arguments_alone(renderer, bound, shape))
    yield Law("has-a-gradient", lambda: has_a_gradient(renderer, bound, shape))
    yield Law("follows-its-slope", lambda: follows_its_slope(renderer, bound, shape))


def draws_a_picture_in_range(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> float:
    """It draws (C, H, W) in [-1, 1], with floats: the largest value, or its negative."""
    parameters = bound.parameters(_start(shape), SEEDS[0])
    if not isinstance(parameters, tuple) or not parameters:
        broken(renderer, _where(shape), "its parameters are no tuple of tensors: return one")
    if not all(hasattr(each, "is_floating_point") and each.is_floating_point() for each in parameters):
        broken(renderer, _where(shape), "not all of its parameters are tensors of floats")
    image = bound.render(parameters)
    if tuple(image.shape) != shape:
        broken(renderer, _where(shape), f"it draws {tuple(image.shape)}")
    largest = float(image.detach().abs().max())
    if not largest <= 1 + 1e-6:
        broken(renderer, _where(shape), f"its picture reaches {largest:.3g}, and must lie in [-1, 1]: use tanh")
    return largest


def is_of_its_seed(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> float:
    """The same seed gives the same bits whatever torch has drawn before, and draws nothing that others draw."""
    import torch

    with torch.random.fork_rng(devices=[]):
        drawn = []
        for state in (1, 2):
            torch.manual_seed(state)
            before = torch.get_rng_state()
            parameters = bound.parameters(_start(shape), SEEDS[0])
            drawn.append((*parameters, bound.render(parameters).detach()))
            if not torch.equal(before, torch.get_rng_state()):
                cure = "draw with torch.Generator().manual_seed(seed)"
                broken(renderer, _where(shape), f"it moves the generator of the process: {cure}")
    for first, second in zip(*drawn, strict=True):
        if gap(first, second) > 0:
            broken(renderer, _where(shape), "the same seed gives other parameters or another picture")
    others = bound.parameters(_start(shape), SEEDS[1])
    if not renderer.begins and all(gap(one, other) == 0 for one, other in zip(others, drawn[0], strict=False)):
        broken(renderer, _where(shape), "all seeds give the same parameters, so that all samples are one")
    return 0.0


def begins_at_a_picture(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> float:
    """It draws the picture that it is to begin at: how far it is off."""
    start = _start(shape)
    off = gap(bound.render(bound.parameters(start, SEEDS[0])).detach(), start)
    if not off < 0.01:
        broken(renderer, _where(shape), f"it begins {off:.3g} away from a picture: say begins = False")
    return off


def leaves_its_arguments_alone(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> float:
    """Neither a picture nor parameters are written to, and the same parameters are the same picture."""
    start = _start(shape)
    with unwritten(renderer, "parameters", start[None]):
        parameters = bound.parameters(start, SEEDS[0])
    with unwritten(renderer, "render", *parameters):
        first, second = (bound.render(parameters).detach() for _ in range(2))
    if (off := gap(first, second)) > 0:
        broken(renderer, _where(shape), f"the same parameters give another picture, {off:.3g} away")
    return 0.0


def has_a_gradient(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> float:
    """Torch can differentiate it with respect to some of its parameters: the largest slope."""
    _, slopes = _slopes(renderer, bound, shape)
    largest = max(float(slope.abs().max()) for slope in slopes)
    if not 0 < largest < float("inf"):
        broken(renderer, _where(shape), f"its largest slope is {largest}: write it so that torch can differentiate it")
    return largest


def follows_its_slope(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> float:
    """A small step down its slope lowers what the slope is of: it is its own."""
    parameters, slopes = _slopes(renderer, bound, shape)
    wanted = noise(1, *shape, seed=2, double=False)[0]
    length = sum(float(slope.square().sum()) for slope in slopes) ** 0.5
    for way in (0.1, 0.01, 0.001):
        pairs = zip(parameters, slopes, strict=True)
        moved = tuple(value - slope * (way / length) for value, slope in pairs)
        if float(((bound.render(moved) - bound.render(parameters)).detach().double() * wanted).sum()) < 0:
            return 0.0
    return broken(renderer, _where(shape), "it does not move against its slope, which is another's then")


def _slopes(renderer: Renderer, bound: BoundRenderer, shape: Shape) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    import torch

    parameters = bound.parameters(_start(shape), SEEDS[0])
    leaves = tuple(value.detach().requires_grad_() for value in parameters)
    with torch.enable_grad():
        image = bound.render(leaves)
        if not image.requires_grad:
            broken(renderer, _where(shape), "torch sees no parameter in its picture: write it so that it can be seen")
        wanted = noise(1, *shape, seed=2, double=False)[0]
        slopes = torch.autograd.grad(image, leaves, wanted, allow_unused=True, materialize_grads=True)
    return parameters, slopes


def _start(shape: Shape) -> Tensor:
    return noise(1, *shape, double=False)[0].clamp(-1, 1)


def _where(shape: Shape) -> str:
    return "x".join(map(str, shape))
