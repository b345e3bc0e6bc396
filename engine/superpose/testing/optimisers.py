"""The laws of optimisers: schedulers whose states are clean images, which gradient steps move."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from superpose.sampling.optimiser import Descended
from superpose.testing import following
from superpose.testing.law import Law
from superpose.testing.probes import broken, gap, noise

if TYPE_CHECKING:
    from superpose.levels.plan import Plan
    from superpose.sampling.scheduler import Memory, Scheduler

    Shape = tuple[int, int, int]


def laws(scheduler: Scheduler, plan: Plan, shape: Shape) -> Iterator[Law]:
    """The laws of an optimiser that is bound to a canvas of ``shape``."""
    yield Law("asks-where-there-is-noise", lambda: asks_where_there_is_noise(scheduler, plan))
    yield Law("repeats-itself", lambda: following.repeats_itself(scheduler, plan, shape))
    yield Law("leaves-its-arguments-alone", lambda: following.leaves_its_arguments_alone(scheduler, plan, shape))
    yield Law("forgets-its-momentum-after-a-jump", lambda: forgets_its_momentum(scheduler, plan, shape))
    yield Law("can-be-saved", lambda: following.can_be_saved(scheduler, plan, shape))
    yield Law("keeps-rows-apart", lambda: following.keeps_rows_apart(scheduler, plan, shape))
    yield Law("does-not-lead-away", lambda: does_not_lead_away(scheduler, plan, shape))


def asks_where_there_is_noise(scheduler: Scheduler, plan: Plan) -> int:
    """Every step has a level with noise to ask at, and the states have none: the number of its steps."""
    for i, level in enumerate(plan.levels[:-1]):
        if level.index != i or not level.sigma > 0:
            broken(scheduler, f"step {i}", f"it asks at {level}")
    if plan.levels[-1].sigma > 0:
        broken(scheduler, f"{plan.steps} steps", f"its plan ends at {plan.levels[-1]}, and its images have no noise")
    return plan.steps


def forgets_its_momentum(scheduler: Scheduler, plan: Plan, shape: Shape) -> float:
    """After a jump a step has no momentum of those before, even where that was not a number."""
    denoise, x, state = following.estimates(scheduler), noise(3, *shape, double=False), scheduler.init()
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        draw = following.noise_at(shape, i)
        jumped, _ = scheduler.step(denoise, x, here, there, _spoilt(state), draw, jumped=True)
        fresh, _ = scheduler.step(denoise, x, here, there, _begun(state, scheduler), draw, jumped=False)
        if (off := gap(jumped, fresh)) > 0:
            broken(scheduler, f"step {i} of {plan.steps}", f"after a jump its history still counts: {off:.3g}")
        x, state = scheduler.step(denoise, x, here, there, state, draw, jumped=False)
    return 0.0


def does_not_lead_away(scheduler: Scheduler, plan: Plan, shape: Shape) -> float:
    """Told a clean image, a first step at any level does not lead away from it: the least cosine of what it does."""
    told, x = (noise(2, *shape, seed=seed, double=False).clamp(-1, 1) for seed in (5, 6))
    answer, least = following.estimates(scheduler), math.inf
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        after, _ = scheduler.step(
            lambda state, level: answer(state, level)._replace(clean=told),
            *(x, here, there, scheduler.init(), following.noise_at(shape, i, 2)),
            jumped=False,
        )
        made, wanted = (after - x).flatten(1).double(), (told - x).flatten(1).double()
        cosines = (made * wanted).sum(1) / (made.norm(dim=1) * wanted.norm(dim=1)).clamp(min=1e-12)
        least = min(least, float(cosines.min()))
        if not least >= -1e-6:
            broken(scheduler, f"step {i} of {plan.steps}", f"it leads away from what it is told (cosine {least:.2g})")
    return least


def _spoilt(state: Memory) -> Memory:
    if not isinstance(state, Descended):
        return following.spoilt(state)
    return state._replace(means=following.spoilt(state.means), squares=following.spoilt(state.squares))


def _begun(state: Memory, scheduler: Scheduler) -> Memory:
    begun = scheduler.init()
    return begun._replace(followed=state.followed) if isinstance(state, Descended) else begun
