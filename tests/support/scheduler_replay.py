"""Follow a plan by hand, with recorded noise, and write down every state that the network is asked about."""

from __future__ import annotations

import torch

from superpose.estimate.prediction import Estimate, clean_from
from superpose.levels.noise_level import NoiseLevel


def replay(scheduler, plan, network, x, noises, *, parameterization="epsilon", clip=None, steps=None):
    """Run ``scheduler`` over ``plan``.

    Arguments:
        network: From (x, moment) to the output, or to (output, variance).
        noises: Draws in the order in which they are consumed.
        clip: From a clean image to one in range; may be given (raw, moment) by having two arguments.

    Returns:
        States: those that the network was asked about, from the second on, with their levels, then the last one.
        The number of draws taken.
    """
    seen, draws = [], iter(noises)
    taken = 0

    def denoise(x, level):
        seen.append((x, level))
        answer = network(x, level)
        output, variance = answer if isinstance(answer, tuple) else (answer, None)
        clean = clean_from(parameterization, output, x, level)
        return Estimate(clean if clip is None else clip(clean, level), variance)

    def noise(purpose="step"):
        nonlocal taken
        taken += 1
        return next(draws)

    state = scheduler.init()
    with torch.no_grad():
        for here, there in steps or zip(plan.levels, plan.levels[1:], strict=False):
            x, state = scheduler.step(denoise, x, here, there, state, noise, jumped=False)
    return [*seen[1:], (x, there)], taken


def off_the_grid(plan, schedule, stride):
    """Transitions that end at the level of ``t - stride``, although the next one starts at the grid's next time."""
    for here in plan.levels[:-1]:
        t = here.t - stride
        yield here, NoiseLevel(here.index + 1, t, *schedule.at(t)) if t >= 0 else plan.levels[-1]
