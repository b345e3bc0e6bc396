"""The grids that are even in something else than whole times: in fractions, in noise, along a flow.

A level between the trained ones keeps its exact noise-to-signal ratio, and the network is asked at the time that
`Schedule.time_of` gives it.
"""

from __future__ import annotations

import math

import numpy as np

from superpose.errors import RecipeError
from superpose.levels.continuous import FlowSchedule
from superpose.levels.noise_level import NoiseLevel
from superpose.levels.request import Request
from superpose.levels.table import TableSchedule, level


def linspace_fractional(request: Request) -> list[NoiseLevel]:
    """As in diffusers' Euler, Heun and LMS, and k-diffusion: n times from T - 1 to 0, not rounded."""
    if request.steps == 1:
        return [request.trained(request.last)]
    return [request.trained(float(place)) for place in np.linspace(request.last, 0, request.steps)]


def karras(request: Request) -> list[NoiseLevel]:
    """Even in ratio ** (1 / rho) from the noisiest level to the cleanest (arXiv 2206.00364, eq. 5)."""
    most, least = _extremes(request)
    roots = np.linspace(most ** (1 / request.rho), least ** (1 / request.rho), request.steps)
    return _of_ratios(request, roots**request.rho)


def karras_rounded(request: Request) -> list[NoiseLevel]:
    """As in diffusers' DPM-Solver and UniPC: karras, but the network is told the nearest whole time."""
    return [level._replace(t=float(round(level.t))) for level in karras(request)]


def edm(request: Request) -> list[NoiseLevel]:
    """As EDM's own sampler: karras, each level rounded to the nearest that was trained; twice the same is visited once.

    Where a schedule is not a table every level was trained, and this is karras.
    """
    levels = karras(request)
    if not isinstance(request.schedule, TableSchedule):
        return levels
    trained = [request.trained(place) for place in range(request.last + 1)]
    ratios = np.array([level.ratio for level in trained])
    nearest = [int(np.abs(ratios - level.ratio).argmin()) for level in levels]
    return [trained[place] for place in sorted(set(nearest), reverse=True)]


def exponential(request: Request) -> list[NoiseLevel]:
    """As in k-diffusion: even in the logarithm of the ratio from the noisiest level to the cleanest."""
    most, least = _extremes(request)
    return _of_ratios(request, np.exp(np.linspace(math.log(most), math.log(least), request.steps)))


def flow(request: Request) -> list[NoiseLevel]:
    """A rectified flow in n even steps from pure noise to the image, shifted once."""
    schedule, n = _flow_of(request), request.steps
    return [schedule.level(0, schedule.steps * schedule.shifted(1 - i / n)) for i in range(n)]


def flow_diffusers(request: Request) -> list[NoiseLevel]:
    """As diffusers' flow Euler: even between its first and last trained level, which are shifted already, and shifted.

    With a shift of 1 the last level is 1 / T, not 1 / n, and the last step is a short one.
    """
    schedule = _flow_of(request)
    evenly = np.linspace(schedule.shifted(1.0), schedule.shifted(1 / schedule.steps), request.steps)
    return [schedule.level(0, schedule.steps * schedule.shifted(float(u))) for u in evenly]


def _extremes(request: Request) -> tuple[float, float]:
    most, least = request.trained(request.last).ratio, request.trained(0).ratio
    if math.isinf(most):
        raise RecipeError(
            f"grid {request.grid!r} spaces noise over signal, which is infinite at the first level of this schedule "
            "(it has no signal there): write grid = 'trailing', or 'flow' for a rectified flow"
        )
    return most, least


def _of_ratios(request: Request, ratios: np.ndarray) -> list[NoiseLevel]:
    """The levels with these ratios; the ends are the schedule's own, free of the rounding of powers."""
    levels = [_of_ratio(request, float(ratio)) for ratio in ratios]
    levels[0] = request.trained(request.last)
    if len(levels) > 1:
        levels[-1] = request.trained(0)
    return levels


def _of_ratio(request: Request, ratio: float) -> NoiseLevel:
    schedule = request.schedule
    t = schedule.time_of(ratio)
    if isinstance(schedule, TableSchedule):
        # Between trained times `at` interpolates otherwise than `time_of`: the exact level is the ratio's own.
        return NoiseLevel(0, t, *level(ratio))
    return schedule.level(0, t)


def _flow_of(request: Request) -> FlowSchedule:
    if not isinstance(request.schedule, FlowSchedule):
        raise RecipeError(
            f"grid {request.grid!r} is for rectified flows, and this model's schedule is a "
            f"{type(request.schedule).__name__}: write grid = 'trailing'"
        )
    return request.schedule
