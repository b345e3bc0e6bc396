r"""The laws of schedulers, and their order of convergence.

Orders are measured where everything is known: for data :math:`N(\mu, v)` the clean image is affine in the state, and
the probability flow from t to s is

.. math:: x_s = \alpha_s \mu + \sqrt{\frac{\alpha_s^2 v + \sigma_s^2}{\alpha_t^2 v + \sigma_t^2}}\,(x_t - \alpha_t \mu)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from superpose.estimate.canvas import Canvas
from superpose.estimate.prediction import Estimate
from superpose.kinds.kind import chosen_options, fields_of, with_options
from superpose.levels.noise_level import NoiseLevel
from superpose.levels.plan import Plan
from superpose.testing import optimisers
from superpose.testing.following import (
    MEAN,
    VARIANCE,
    can_be_saved,
    drawn_at,
    estimates,
    follow,
    gaussian,
    keeps_rows_apart,
    leaves_its_arguments_alone,
    noise_of,
    repeats_itself,
    spoilt,
    start_of,
)
from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, noise

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.levels.noise_level import Schedule
    from superpose.sampling.scheduler import Scheduler

    Draw = Callable[[int, str], Tensor]

#: Ends of the flow on which orders are measured, as log signal-to-noise ratios: nearly noise, nearly the image.
FROM, TO = -5.0, 3.0


#: How far below its order a method may be measured: high orders are still a little short at 80 steps.
SHORT = 0.4


def check_scheduler(
    scheduler: Scheduler, schedule: Schedule, shape: tuple[int, int, int] = (3, 4, 4), order: int | None = None
) -> dict[str, float]:
    """Hold a scheduler to all its laws, on its own plan for ``schedule``.

    Arguments:
        scheduler: The scheduler.
        schedule: Noise levels of a network.
        shape: (C, H, W) of one sample.
        order: The order of convergence that it must show, such as ``scheduler.order``; not measured when not given.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
        RecipeError: If it has no plan for the schedule.
    """
    return figures(laws(scheduler, schedule, shape, order))


def laws(
    scheduler: Scheduler, schedule: Schedule, shape: tuple[int, int, int] = (3, 4, 4), order: int | None = None
) -> Iterator[Law]:
    """The laws of a scheduler, or of the optimiser that it is."""
    plan = scheduler.plan(schedule)
    if plan.optimises:
        from superpose.testing.predictors import GaussianPredictor  # needs torch; this module does not

        canvas = Canvas.of(GaussianPredictor(shape, schedule=schedule))
        yield from optimisers.laws(scheduler.bound_to(attrs.evolve(canvas, prompts=("",))), plan, shape)
        return
    yield Law("descends", lambda: descends(scheduler, plan))
    yield Law("repeats-itself", lambda: repeats_itself(scheduler, plan, shape))
    yield Law("leaves-its-arguments-alone", lambda: leaves_its_arguments_alone(scheduler, plan, shape))
    yield Law("forgets-after-a-jump", lambda: forgets_after_a_jump(scheduler, plan, shape))
    yield Law("can-be-saved", lambda: can_be_saved(scheduler, plan, shape))
    yield Law("keeps-rows-apart", lambda: keeps_rows_apart(scheduler, plan, shape))
    yield Law("ends-where-it-is-told", lambda: ends_where_it_is_told(scheduler, plan, shape))
    if scheduler.renoises:
        yield Law("adds-the-noise-back", lambda: adds_the_noise_back(scheduler, plan, shape))
    if any(scheduler.move(*step) for step in pairwise(plan.levels)):
        yield Law("moves-as-it-says", lambda: moves_as_it_says(scheduler, plan, shape))
    if order is not None:
        yield Law(f"converges-at-order-{order}", lambda: converges(scheduler, order), ideal=math.inf)


def converges(scheduler: Scheduler, order: int) -> float:
    """The error falls at least as fast as the order says: the order measured."""
    got = measured_order(scheduler)
    if not got > order - SHORT:
        broken(scheduler, "80 and 160 steps", f"it is said to be of order {order}, and measured to be of {got:.2f}")
    return got


def moves_as_it_says(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """Where a step says its weights, it is the state, the clean image and the noise of the step times those."""
    draw, x, off = noise_of(shape), start_of(plan, shape), 0.0
    clean = noise(3, *shape, seed=1, double=False)
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        move = scheduler.move(here, there)
        if move is None:
            continue
        got, _ = scheduler.step(
            lambda *_: Estimate(clean), x, here, there, scheduler.init(), drawn_at(draw, i), jumped=False
        )
        want = move.on_state * x + move.on_clean * clean + move.fresh * drawn_at(draw, i)("step")
        if (off := max(off, gap(got, want))) > TOLERANCE * (1 + float(x.abs().max()) / here.sigma):
            broken(scheduler, f"step {i}", f"it is {off:.3g} away from the weights that `move` says")
    return off


def adds_the_noise_back(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    r"""With another image to read noise off, a step differs by :math:`\alpha_s` times what the images differ by."""
    draw, x, off = noise_of(shape), start_of(plan, shape), 0.0
    clean, other = (noise(3, *shape, seed=seed, double=False) for seed in (1, 2))
    for i, (here, there) in enumerate(pairwise(plan.levels)):

        def stepped(estimate: Estimate, here: NoiseLevel = here, there: NoiseLevel = there, i: int = i) -> Tensor:
            told = scheduler.step(
                lambda *_: estimate, x, here, there, scheduler.init(), drawn_at(draw, i), jumped=False
            )
            return told[0]

        got = stepped(Estimate(clean, renoise=other)) - stepped(Estimate(other))
        if (off := max(off, gap(got, there.alpha * (clean - other)))) > TOLERANCE * (1 + x.abs().max() / here.sigma):
            broken(scheduler, f"step {i}", f"it is {off:.3g} away from adding back the noise off `renoise`")
    return off


def descends(scheduler: Scheduler, plan: Plan) -> int:
    """A plan falls, and is numbered from 0: the number of its steps."""
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        if here.index != i or there.ratio >= here.ratio:
            broken(scheduler, f"step {i}", f"its plan goes from {here} to {there}")
    return plan.steps


def forgets_after_a_jump(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """After a jump a step is what it is without a history, even where that was not a number."""
    denoise = estimates(scheduler)
    x, state = start_of(plan, shape), scheduler.init()
    for i, (here, there) in enumerate(pairwise(plan.levels)):
        draw = drawn_at(noise_of(shape), i)
        worse = spoilt(state)
        jumped, _ = scheduler.step(denoise, x, here, there, worse, draw, jumped=True)
        fresh, _ = scheduler.step(denoise, x, here, there, scheduler.init(), draw, jumped=False)
        if (off := gap(jumped, fresh)) > 0:
            broken(scheduler, f"step {i} of {plan.steps}", f"after a jump its history still counts: {off:.3g}")
        x, state = scheduler.step(denoise, x, here, there, state, draw, jumped=False)
    return 0.0


def ends_where_it_is_told(scheduler: Scheduler, plan: Plan, shape: tuple[int, int, int]) -> float:
    """A clean image known from the first step is what the run ends on, with no noise left."""
    if plan.levels[-1].sigma > 0:
        return 0.0
    told = noise(1, *shape, seed=5, double=False).clamp(-1, 1)

    def denoise(x: Tensor, level: NoiseLevel) -> Estimate:
        return estimates(scheduler)(x, level)._replace(clean=told.expand_as(x))

    final = follow(scheduler, plan, denoise, start_of(plan, shape), noise_of(shape))[-1]
    off = gap(final, told.expand_as(final))
    if off > 1e-3:
        broken(scheduler, f"{plan.steps} steps", f"told the clean image at every step, it ends {off:.3g} away from it")
    return off


def flowed(x: Tensor, here: NoiseLevel, there: NoiseLevel) -> Tensor:
    """End of that data's probability flow from ``x``."""
    spread = [math.sqrt(level.alpha**2 * VARIANCE + level.sigma**2) for level in (here, there)]
    return (x - here.alpha * MEAN) * (spread[1] / spread[0]) + there.alpha * MEAN


def error(scheduler: Scheduler, steps: int) -> float:
    """Largest error after ``steps`` steps, even in the log signal-to-noise ratio, at preserved variance, in float64.

    The plan is not the scheduler's own, and it is not told its length: no rule for the last steps is at work.
    """
    if any(field.name == "steps" for field in fields_of(type(scheduler))):
        scheduler = with_options(scheduler, steps=10**6)
    plan = Plan.of([_level(FROM + (TO - FROM) * i / steps) for i in range(steps + 1)])
    x = noise(1, 1, 4, 4)
    final = follow(scheduler, plan, gaussian, x, lambda i, _: noise(1, 1, 4, 4, seed=i + 1))[-1]
    return gap(final, flowed(x, plan.levels[0], plan.levels[-1]))


def measured_order(scheduler: Scheduler, steps: int = 80) -> float:
    """The order of convergence: how many times the error halves when ``steps`` is doubled."""
    return math.log2(error(scheduler, steps) / error(scheduler, 2 * steps))


def order_table(schedulers: Iterable[Scheduler], steps: int = 80) -> str:
    """A table in Markdown of stated and measured orders, with the errors that they were measured by."""
    lines = [f"| scheduler | order | measured | error, {steps} steps | {2 * steps} steps |", "|---|---|---|---|---|"]
    for scheduler in schedulers:
        few, many = error(scheduler, steps), error(scheduler, 2 * steps)
        lines.append(
            f"| {described(scheduler)} | {scheduler.order} | {math.log2(few / many):.2f} | {few:.1e} | {many:.1e} |"
        )
    return "\n".join(lines)


def described(scheduler: Scheduler) -> str:
    """Its kind, and the options that are not as they come."""
    chosen = (f"{name} = {value}" for name, value in chosen_options(scheduler).items())
    return ", ".join([f"`{scheduler.kind}`", *chosen])


def _level(log_snr: float) -> NoiseLevel:
    return NoiseLevel(0, 0.0, 1 / math.sqrt(1 + math.exp(-2 * log_snr)), 1 / math.sqrt(1 + math.exp(2 * log_snr)))
