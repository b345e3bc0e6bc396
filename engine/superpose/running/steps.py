"""Filmstrips of a recipe: how its samples form, and how noise takes them apart again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import torch

from superpose.errors import RecipeError
from superpose.media.filmstrip import Strip, drawn
from superpose.media.images import to_pixels
from superpose.running.composition import compose
from superpose.running.threads import threads
from superpose.sampling.noise import START, Drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose.levels.noise_level import NoiseLevel
    from superpose.recipe import Recipe
    from superpose.running.assembly import Assembly
    from superpose.sampling.loop import Trajectory

#: Frames of a strip, and samples on it: at least and at most.
FRAMES, SAMPLES = (2, 40), (1, 8)


def filmstrip(
    recipe: Recipe, *, samples: int = 1, frames: int = 8, forward: bool = False, device: str = "cpu"
) -> NDArray[np.uint8]:
    r"""How samples form, as a picture: above :math:`x_t`, below what is thought of the clean image there.

    Arguments:
        recipe: What to make.
        samples: How many samples, the first ones.
        frames: How many levels are shown, the noisiest and the clean one among them; all where there are fewer.
        forward: Whether to show the forward process instead, from each sample to noise.
        device: Where to run: a torch device.

    Returns:
        Pixels, (H, W, 3), a strip for each stage.

    Raises:
        RecipeError: If the recipe contradicts itself, or so many frames or samples are not shown.
    """
    for name, value, (least, most) in (("frames", frames, FRAMES), ("samples", samples, SAMPLES)):
        if not least <= value <= most:
            raise RecipeError(f"{name} must be between {least} and {most}, got {value}")
    numbers = range(samples)
    strips, low = [], None
    with threads(recipe.run.threads):
        for stage in compose(recipe, device).stages:
            trajectory = _of_those_picked(stage, stage.trajectory(numbers, low), numbers)
            seen, x, low = _watched(trajectory, frames)
            strips.append(_forward(stage, trajectory, x, frames) if forward else _strip(stage, seen, low))
    return drawn(strips)


def _of_those_picked(stage: Assembly, trajectory: Trajectory, samples: Sequence[int]) -> Trajectory:
    """The run of the particles alone that become the images, where there are several a sample."""
    if trajectory.swarm is None:
        return trajectory
    state = trajectory.start()
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    particles = state.particles
    return trajectory if particles is None else stage.trajectory(samples, lineages=trajectory.swarm.lineages(particles))


@attrs.frozen(eq=False)
class _Seen:
    """A level and what is there.

    Attributes:
        step: Number of the transition that starts from it.
        level: The level.
        x: States.
        clean: Estimates of the clean images, made from them; None where no network was asked.
    """

    step: int
    level: NoiseLevel
    x: Tensor
    clean: Tensor | None


def _watched(trajectory: Trajectory, frames: int) -> tuple[list[_Seen], Tensor, Tensor]:
    """Some levels of a run, its last state, and its images."""
    chosen = set(spread(trajectory.steps, frames - 1))
    seen, state = [], trajectory.start()
    for step in range(trajectory.steps):
        after = trajectory.step(state)
        if step in chosen:
            clean = None if trajectory.plan.climbs(step) else after.clean
            seen.append(_Seen(step, trajectory.plan.levels[step], state.x, clean))
        state = after
    return seen, state.x, trajectory.finish(state)


def spread(count: int, some: int) -> list[int]:
    """So many of the numbers below ``count``, the first among them, evenly."""
    return sorted({round(k * count / some) for k in range(some) if round(k * count / some) < count})


def _strip(stage: Assembly, seen: Sequence[_Seen], images: Tensor) -> Strip:
    headings = [(f"step {it.step}", spoken(it.level)) for it in seen] + [("image", "")]
    states = [_pictures(stage, _unit(it.x, it.level)) for it in seen] + [to_pixels(images)]
    cleans = [None if it.clean is None else _pictures(stage, it.clean) for it in seen] + [None]
    return Strip(headings, list(_rows(len(images), (("x_t", states), ("clean", cleans)))))


def _forward(stage: Assembly, trajectory: Trajectory, x: Tensor, frames: int) -> Strip:
    r"""The forward process, one noise for all levels: :math:`x_t = \alpha_t x_0 + \sigma_t \epsilon`."""
    levels = trajectory.plan.levels
    noise, last = Drawn(trajectory.noise, START, "forward:"), levels[-1]
    up = sorted({level.ratio: level for level in levels[:-1]}.values(), key=lambda level: level.ratio)
    chosen = [up[-1 - k] for k in reversed(spread(len(up), frames - 1))]
    process = stage.predictor.process
    states = [_pictures(stage, _unit(process.climb(x, last, level, noise), level)) for level in chosen]
    headings = [("image", ""), *(("x_t", spoken(level)) for level in chosen)]
    return Strip(headings, list(_rows(len(x), (("q(x_t | x_0)", [_pictures(stage, x), *states]),))))


def _rows(
    samples: int, kinds: Sequence[tuple[str, Sequence[NDArray[np.uint8] | None]]]
) -> Iterator[tuple[str, Sequence[NDArray[np.uint8] | None]]]:
    for sample in range(samples):
        for title, frames in kinds:
            yield title, [None if each is None else each[sample] for each in frames]


def spoken(level: NoiseLevel) -> str:
    """A level in a few words."""
    return f"sigma {level.sigma:.3g}" if level.alpha == 1 else f"signal {level.alpha:.2f}"


def _unit(x: Tensor, level: NoiseLevel) -> Tensor:
    """States at the size that images have."""
    return x / level.prior


@torch.no_grad()
def _pictures(stage: Assembly, x: Tensor) -> NDArray[np.uint8]:
    """States as pictures: those of latents are decoded, noise and all."""
    return to_pixels(torch.cat([stage.predictor.decode(state) for state in x.split(1)]))
