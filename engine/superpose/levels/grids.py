"""Time grids: which of the levels that a network knows a run visits, each rule under the name of its origin.

Programs differ in this more than in anything else, and a grid that is off by one time gives other images. All examples:
T = 1000 times of the ``scaled_linear`` table, n = 20 steps.

=================== ============================== ==============================================================
openai              999, 946, 894 ... 53, 0        guided-diffusion ``space_timesteps``: "20", or sections
ddim-openai         950, 900 ... 0                 guided-diffusion "ddim20": a whole stride
compvis             951, 901 ... 1                 latent diffusion "uniform"; may have more than n steps
leading             950, 900 ... 0 (+ offset)      diffusers
trailing            999, 949 ... 49                diffusers, and arXiv 2305.08891, which argues for it
linspace            999, 946, 894 ... 53, 0        diffusers' DDIM and DDPM
linspace-dpm        999, 949, 899 ... 500 ... 50   diffusers' DPM-Solver and UniPC: n + 1 times, the last dropped
leading-dpm         940, 893 ... 47 (+ offset)     diffusers' DPM-Solver and UniPC: likewise
sgm                 999, 949 ... 49                Stability's LegacyDDPM discretization
linspace-fractional 999, 946.42 ... 0              diffusers' Euler, Heun and LMS; k-diffusion
karras              999, 961.73 ... 0              k-diffusion, arXiv 2206.00364: even in ratio ** (1 / rho)
karras-rounded      999, 962 ... 0                 diffusers' DPM-Solver and UniPC: times rounded, levels not
edm                 999, 962 ... 0                 EDM's own sampler: levels rounded to trained ones
exponential         999, 942.9 ... 0               k-diffusion: even in the logarithm of the ratio
flow                1000, 950 ... 50               rectified flow, shifted once
flow-diffusers      1000, 947.4 ... 1              diffusers' flow Euler, which shifts both ends twice
=================== ============================== ==============================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from superpose.errors import RecipeError
from superpose.levels import fractional_grids, whole_grids
from superpose.levels.continuous import FlowSchedule
from superpose.levels.noise_level import NoiseLevel, Schedule
from superpose.levels.plan import Plan
from superpose.levels.request import Request

Grid = Callable[[Request], list[NoiseLevel]]


def _places(rule: Callable[[Request], list[int]]) -> Grid:
    return lambda request: [request.trained(place) for place in rule(request)]


#: The rule of every grid: from a request to its levels, noisiest first, the final one not among them.
_RULES: dict[str, Grid] = {
    "trailing": _places(whole_grids.trailing),
    "leading": _places(whole_grids.leading),
    "linspace": _places(whole_grids.linspace),
    "linspace-fractional": fractional_grids.linspace_fractional,
    "linspace-dpm": _places(whole_grids.linspace_dpm),
    "leading-dpm": _places(whole_grids.leading_dpm),
    "sgm": _places(whole_grids.sgm),
    "compvis": _places(whole_grids.compvis),
    "openai": _places(whole_grids.openai),
    "ddim-openai": _places(whole_grids.ddim_openai),
    "karras": fractional_grids.karras,
    "karras-rounded": fractional_grids.karras_rounded,
    "edm": fractional_grids.edm,
    "exponential": fractional_grids.exponential,
    "flow": fractional_grids.flow,
    "flow-diffusers": fractional_grids.flow_diffusers,
}

#: The names of all time grids.
GRIDS = tuple(_RULES)

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
    if grid not in GRIDS:
        raise RecipeError(f"no time grid is called {grid!r}: write one of {', '.join(GRIDS)}")
    if final not in FINALS:
        raise RecipeError(f"final is 'zero' (the clean image) or 'first' (the first trained level), got {final!r}")
    if steps < 1:
        raise RecipeError(f"a run has at least 1 step, got steps = {steps}")
    request = Request(schedule=schedule, grid=grid, steps=steps, offset=offset, rho=rho, sections=tuple(sections))
    _refuse_unread(request, "timesteps" if timesteps else grid)
    visited = _listed(schedule, timesteps) if timesteps else _RULES[grid](request)
    last = NoiseLevel(0, -1.0, 1.0, 0.0) if final == "zero" else request.trained(0)
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


def _listed(schedule: Schedule, timesteps: Sequence[float]) -> list[NoiseLevel]:
    last = schedule.steps if isinstance(schedule, FlowSchedule) else schedule.steps - 1
    for i, t in enumerate(timesteps):
        if not 0 <= t <= last:
            raise RecipeError(f"timesteps[{i}] = {t:g} is outside the trained range: write times from {last} down to 0")
        if i and t >= timesteps[i - 1]:
            raise RecipeError(
                f"timesteps must fall strictly, but timesteps[{i}] = {t:g} follows {timesteps[i - 1]:g}: "
                "write the noisiest first and none twice"
            )
    return [schedule.level(0, t) for t in timesteps]
