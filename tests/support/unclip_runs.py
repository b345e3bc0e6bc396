"""Runs of unCLIP as diffusers makes them in the tests, by ours: the same steps, guidance and levels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

import superpose

STEPS, SCALE, SHAPE = 4, 3.0, (4, 8, 8)
DDIM = superpose.make("scheduler", "ddim", steps=STEPS, grid="leading", offset=1)


def latents(
    model: superpose.NoisePredictor,
    shown: str | superpose.Condition,
    negative: str = "",
    samples: Sequence[int] = (0, 1),
) -> Tensor:
    """Final latents of samples under guidance."""
    denoiser = superpose.guided(superpose.prompted(model, shown), superpose.prompted(model, negative), SCALE)
    run = superpose.trajectory(denoiser, DDIM, model, samples=samples)
    state = run.start()
    while state.step < run.steps:
        state = run.step(state)
    return state.x


def apart(got: Tensor, want: Tensor) -> float:
    """The largest difference, as a share of the largest number that is wanted."""
    return float((got - want).abs().max() / want.abs().max())
