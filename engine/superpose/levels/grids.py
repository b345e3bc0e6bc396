"""From a grid's name to a plan: its levels, then where the last step goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.grid import levels, whole
from superpose.grid.request import Request
from superpose.processes.continuous import FlowSchedule
from superpose.schedule import Moment, Schedule

if TYPE_CHECKING:
    from superpose.scheduler.base import Plan

Grid = Callable[[Request], list[Moment]]


def _places(rule: Callable[[Request], list[int]]) -> Grid:
    return lambda request: [request.trained(place) for place in rule(request)]


#: Every grid: from a request to its levels, noisiest first, the final one not among them.
GRIDS: dict[str, Grid] = {
    "trailing": _places(whole.trailing),
    "leading": _places(whole.leading),
    "linspace": _places(whole.linspace),
    "linspace-fractional": levels.linspace_fractional,
    "linspace-dpm": _places(whole.linspace_dpm),
    "leading-dpm": _places(whole.leading_dpm),
    "sgm": _places(whole.sgm),
    "compvis": _places(whole.compvis),
    "openai": _places(whole.openai),
    "ddim-openai": _places(whole.ddim_openai),
    "karras": levels.karras,
    "karras-rounded": levels.karras_rounded,
    "edm": levels.edm,
    "exponential": levels.exponential,
    "flow": levels.flow,
    "flow-diffusers": levels.flow_diffusers,
}

#: Where the last step goes: to the clean image, or to the first trained level.
FINALS = ("zero", "first")

#: The options that only some grids read.
_READ_BY = {
    "offset": ("leading", "leading-dpm"),
    "rho": ("karras", "karras-rounded", "edm"),
    "sections": ("openai",),
}


def plan_of(
    schedule: Schedule,
    grid: str,
    steps: int,
    *,
    timesteps: Sequence[float] = (),
    sections: Sequence[int] = (),
    offset: int = 0,
    final: str = "zero",
    rho: float = 7.0,
) -> Plan:
    r"""The levels of a run.

    Arguments:
        schedule: The levels there are.
        grid: A name in `GRIDS`.
        steps: Number of steps n, at least 1. ``compvis`` may make more, ``edm`` fewer.
        timesteps: Times to visit instead of the grid's, strictly falling; fractions are interpolated.
        sections: Number of steps in each equal section of time, cleanest first, instead of ``steps``: ``openai`` only.
        offset: Added to the times of the leading grids.
        final: ``zero``, to the clean image (:math:`\alpha = 1, \sigma = 0, t = -1`); or ``first``, to the first
            trained level and no further (CompVis' DDIM; diffusers' ``set_alpha_to_one=False`` and
            ``final_sigmas_type="sigma_min"``). A grid that visits that level already ends there, one step shorter:
            the originals ask the network once more for a step of length zero.
        rho: How much the karras grids crowd low noise.

    Raises:
        RecipeError: If the schedule has no such grid, a time is out of range or an option contradicts another.
    """
    # Here and not above: the package of schedulers imports this one.
    from superpose.scheduler.base import Plan

    if grid not in GRIDS:
        raise RecipeError(f"no time grid is called {grid!r}: write one of {', '.join(GRIDS)}")
    if final not in FINALS:
        raise RecipeError(f"final is 'zero' (the clean image) or 'first' (the first trained level), got {final!r}")
    if steps < 1:
        raise RecipeError(f"a run has at least 1 step, got steps = {steps}")
    request = Request(schedule=schedule, grid=grid, steps=steps, offset=offset, rho=rho, sections=tuple(sections))
    _refuse_unread(request, "timesteps" if timesteps else grid)
    visited = _listed(schedule, timesteps) if timesteps else GRIDS[grid](request)
    last = Moment(0, -1.0, 1.0, 0.0) if final == "zero" else request.trained(0)
    if visited[-1].ratio <= last.ratio:
        visited = visited[:-1]
        if not visited:
            raise RecipeError(
                f"the only time visited, {last.t:g}, is where final = {final!r} ends, so there is no step to take: "
                "write final = 'zero', or a noisier time"
            )
    return Plan.of([*visited, last])


def _refuse_unread(request: Request, source: str) -> None:
    for name, readers in _READ_BY.items():
        value = getattr(request, name)
        unset = Request(schedule=request.schedule, grid=request.grid, steps=request.steps)
        if value != getattr(unset, name) and source not in readers:
            given = "a list of timesteps" if source == "timesteps" else f"grid {source!r}"
            raise RecipeError(
                f"{name} = {list(value) if isinstance(value, tuple) else value} does nothing with {given}: "
                f"remove it, or write grid = {' or '.join(map(repr, readers))}"
            )


def _listed(schedule: Schedule, timesteps: Sequence[float]) -> list[Moment]:
    last = schedule.steps if isinstance(schedule, FlowSchedule) else schedule.steps - 1
    for i, t in enumerate(timesteps):
        if not 0 <= t <= last:
            raise RecipeError(f"timesteps[{i}] = {t:g} is outside the trained range: write times from {last} down to 0")
        if i and t >= timesteps[i - 1]:
            raise RecipeError(
                f"timesteps must fall strictly, but timesteps[{i}] = {t:g} follows {timesteps[i - 1]:g}: "
                "write the noisiest first and none twice"
            )
    return [schedule.moment(0, t) for t in timesteps]
