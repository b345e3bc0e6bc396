"""Schedulers followed along their plans where all is known, and the laws of every way to move a state."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.prediction import Estimate
from superpose.estimate.problem import problems_of
from superpose.testing.probes import broken, gap, noise, of_law

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.query import Estimation
    from superpose.levels.noise_level import NoiseLevel
    from superpose.levels.plan import Plan
    from superpose.sampling.noise import NoiseLaw
    from superpose.sampling.scheduler import Denoise, Memory, Scheduler

    Draw = Callable[[int, str], Tensor]

MEAN, VARIANCE = 0.7, 0.3


def can_be_saved(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """Memory comes back from a file: a run that can't be resumed begins again."""
    from superpose.sampling.loop import State as RunState
    from superpose.sampling.saved_state import load_state, save_state

    denoise, draw, x, memory = estimates(scheduler), noise_of(shape), start_of(plan, shape), scheduler.init()
    with tempfile.TemporaryDirectory() as folder:
        for i, (here, there) in enumerate(pairwise(plan.levels[:4])):
            x, memory = scheduler.step(denoise, x, here, there, memory, drawn_at(draw, i), jumped=False)
            try:
                save_state(RunState(i, x, memory), Path(folder, "state"))
                loaded, _ = load_state(Path(folder, "state"), scheduler)
            except (RecipeError, TypeError) as error:
                broken(scheduler, f"step {i} of {plan.steps}", f"its memory can't be saved and read again: {error}")
            if type(loaded.memory) is not type(memory):
                broken(scheduler, f"step {i}", f"its memory comes back as a {type(loaded.memory).__name__}")
    return 0.0


def repeats_itself(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """The same state, level and noise give the same bits, finite ones."""
    denoise = estimates(scheduler)
    twice = [follow(scheduler, plan, denoise, start_of(plan, shape), noise_of(shape)) for _ in range(2)]
    for i, (first, second) in enumerate(zip(*twice, strict=True)):
        if not first.isfinite().all():
            broken(scheduler, f"step {i} of {plan.steps}", f"the state is not finite after {plan.levels[i]}")
        if gap(first, second) > 0:
            broken(scheduler, f"step {i} of {plan.steps}", f"a second run differs by {gap(first, second):.3g}")
    return 0.0


def leaves_its_arguments_alone(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """Nothing that goes into a step is written to: state, history, estimates, noise."""

    def guarded(x: Tensor, here: NoiseLevel, there: NoiseLevel, state: Memory, i: int) -> tuple[Tensor, Memory]:
        given: list[Tensor] = [x, *_tensors(state)]
        copies = [tensor.clone() for tensor in given]

        def denoise(x: Tensor, level: NoiseLevel) -> Estimate:
            estimate = answer(x, level)
            given.extend((x, estimate.clean))
            copies.extend((x.clone(), estimate.clean.clone()))
            return estimate

        def draw(purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
            z = of_law(noise_of(shape)(i, purpose), law)
            given.append(z)
            copies.append(z.clone())
            return z

        result = scheduler.step(denoise, x, here, there, state, draw, jumped=False)
        for tensor, copy in zip(given, copies, strict=True):
            if gap(tensor, copy) > 0:
                broken(scheduler, f"step {i}", "it writes to a tensor that it was given; make a new one")
        return result

    answer = estimates(scheduler)
    x, state = start_of(plan, shape), scheduler.init()
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        x, state = guarded(x, here, there, state, i)
    return 0.0


def keeps_rows_apart(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """A sample has the same bits alone as in a batch."""
    start, draw, denoise = start_of(plan, shape), noise_of(shape), estimates(scheduler)
    whole = follow(scheduler, plan, denoise, start, draw)
    for row in range(len(start)):
        mine = slice(row, row + 1)
        alone = follow(scheduler, plan, denoise, start[mine], of_row(draw, mine))
        for i, (one, many) in enumerate(zip(alone, whole, strict=True)):
            if (off := gap(one, many[mine])) > 0:
                broken(scheduler, f"step {i} of {plan.steps}", f"a sample alone is {off:.3g} away from it in a batch")
    return 0.0


def follow(scheduler: Scheduler, plan: Plan, denoise: Denoise, x: Tensor, draw: Draw) -> list[Tensor]:
    """The states after each step of a run from ``x``, with the noise that ``draw`` gives for (step, purpose)."""
    states, state = [], scheduler.init()
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        x, state = scheduler.step(denoise, x, here, there, state, drawn_at(draw, i), jumped=False)
        states.append(x)
    return states


def gaussian(x: Tensor, level: NoiseLevel) -> Estimate:
    """The exact estimate for data of which every value is distributed as N(MEAN, VARIANCE)."""
    gain = level.alpha * VARIANCE / (level.alpha**2 * VARIANCE + level.sigma**2)
    return Estimate((x - level.alpha * MEAN) * gain + MEAN)


class Exact(Denoiser):
    """`gaussian` as a denoiser."""

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Return it, asking nothing."""
        return gaussian(x, level)
        yield []


def estimates(scheduler: Scheduler) -> Denoise:
    """`gaussian`, as the scheduler asks it; with a learned variance where it takes no network without one."""
    if not problems_of(scheduler.problems, "none"):
        asked = scheduler.wrap(Exact())
        return gaussian if isinstance(asked, Exact) else asked

    def denoise(x: Tensor, level: NoiseLevel) -> Estimate:
        estimate = gaussian(x, level)
        return estimate._replace(variance=estimate.clean.clamp(-1, 1))

    return denoise


def start_of(plan: Plan, shape: tuple[int, int, int]) -> Tensor:
    return noise(3, *shape, double=False) * plan.levels[0].prior


def noise_of(shape: tuple[int, int, int]) -> Draw:
    return lambda i, purpose: noise(3, *shape, seed=1000 + 31 * i + sum(map(ord, purpose)), double=False)


def of_row(draw: Draw, row: slice) -> Draw:
    return lambda i, purpose: draw(i, purpose)[row]


def noise_at(shape: tuple[int, int, int], i: int, rows: int = 3) -> Callable[..., Tensor]:
    """The noise of step ``i``, of so many samples."""
    return drawn_at(of_row(noise_of(shape), slice(rows)), i)


def drawn_at(draw: Draw, i: int) -> Callable[..., Tensor]:
    return lambda purpose="step", law="normal": of_law(draw(i, purpose), law)


def _tensors(state: Memory) -> list[Tensor]:
    if isinstance(state, tuple | list):
        return [tensor for item in state for tensor in _tensors(item)]
    return [state] if hasattr(state, "clone") else []


def spoilt(state: Memory) -> Memory:
    """The same structure with every tensor full of what is not a number."""
    if isinstance(state, tuple):
        items = [spoilt(item) for item in state]
        return type(state)(*items) if hasattr(state, "_fields") else tuple(items)
    return state * math.nan if hasattr(state, "clone") else state
