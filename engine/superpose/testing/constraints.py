"""The laws of constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from superpose.levels.noise_level import NoiseLevel
from superpose.sampling.constraint import Canvas, Constraint, Edit
from superpose.testing.law import Law, figures
from superpose.testing.probes import broken, gap, noise, size, unwritten

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.levels.plan import Plan

    Hook = Callable[[Tensor, NoiseLevel, Callable[[str], Tensor]], Edit]


def check_constraint(constraint: Constraint, canvas: Canvas, steps: int = 6) -> dict[str, float]:
    """Hold a constraint to its laws: bound to ``canvas``, on a plan of so many steps.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
        RecipeError: If it does not fit the canvas.
    """
    constraint.check(canvas)
    return figures(laws(constraint, canvas, steps))


def laws(constraint: Constraint, canvas: Canvas, steps: int = 6) -> Iterator[Law]:
    """The laws of a constraint; those of its hooks come after that of its plan, which they are tried on."""
    bound = constraint.bound_to(canvas)
    whole = _plan(steps)
    yield Law("keeps-plans-whole", lambda: keeps_plans_whole(bound, whole))
    plan = bound.plan(whole)
    here, there = plan.levels[:2]
    hooks: dict[str, Hook] = {
        "start": lambda x, _, draw: bound.start(x, plan, lambda purpose="step": draw(purpose)),
        "before": lambda x, at, draw: bound.before(x, at, lambda purpose="step": draw(purpose)),
        "on_clean": lambda x, at, _: bound.on_clean(x, at),
        "after": lambda x, _, draw: bound.after(x, there, lambda purpose="step": draw(purpose)),
        "finish": lambda x, _, __: Edit(bound.finish(x)),
    }
    for name in sorted(bound.hooks() - {"plan"}):
        yield Law(f"{name}-in-form", partial(edits_in_form, bound, name, hooks[name], here, canvas))
        yield Law(f"{name}-keeps-samples-apart", partial(keeps_samples_apart, bound, name, hooks[name], here, canvas))


def keeps_plans_whole(constraint: Constraint, plan: Plan) -> int:
    """A plan keeps its end, and its moments know their places: the number of its steps."""
    wanted = constraint.plan(plan)
    if not wanted.steps:
        broken(constraint, f"{plan.steps} steps", "it leaves the plan no step")
    places = [level.index for level in wanted.levels]
    if places != list(range(len(places))):
        broken(constraint, f"{plan.steps} steps", f"its plan's moments have the places {places}; make it with Plan.of")
    if wanted.levels[-1][1:] != plan.levels[-1][1:]:
        broken(constraint, f"{plan.steps} steps", f"its plan ends at {wanted.levels[-1]}, not at {plan.levels[-1]}")
    return wanted.steps


def edits_in_form(constraint: Constraint, name: str, hook: Hook, here: NoiseLevel, canvas: Canvas) -> float:
    """An edit has the form of what is edited, leaves it unwritten, and is the same again for the same noise."""
    x = noise(3, *canvas.shape, double=False).to(canvas.device)
    with unwritten(constraint, name, x):
        edit = hook(x, here, _draw(3, canvas))
    if edit.value.shape != x.shape or edit.value.dtype != x.dtype:
        forms = [f"{tuple(tensor.shape)}, {tensor.dtype}" for tensor in (edit.value, x)]
        broken(constraint, size(x), f"{name} makes {forms[0]} of {forms[1]}")
    if (off := gap(hook(x, here, _draw(3, canvas)).value, edit.value)) > 0:
        broken(constraint, size(x), f"{name} differs by {off:.3g} the second time; take randomness from noise() alone")
    return 0.0


def keeps_samples_apart(constraint: Constraint, name: str, hook: Hook, here: NoiseLevel, canvas: Canvas) -> float:
    """What becomes of a sample does not depend on those beside it."""
    x = noise(3, *canvas.shape, double=False).to(canvas.device)
    whole = hook(x, here, _draw(3, canvas)).value
    for i in range(3):
        alone = hook(x[i : i + 1], here, _draw(3, canvas, i)).value
        if (off := gap(alone[0], whole[i])) > 0:
            broken(constraint, size(x), f"{name} of one sample changes by {off:.3g} with the samples beside it")
    return 0.0


def _plan(steps: int) -> Plan:
    from superpose.levels.plan import Plan

    levels = [1 - i / steps for i in range(steps + 1)]
    return Plan.of([NoiseLevel(0, 999 * s if s else -1, (1 - s * s * 0.99) ** 0.5, s * 0.99**0.5) for s in levels])


def _draw(count: int, canvas: Canvas, row: int | None = None) -> Callable[[str], Tensor]:
    """Noise that depends on the purpose; of one sample alone where ``row`` is given."""

    def draw(purpose: str) -> Tensor:
        drawn = noise(count, *canvas.shape, seed=sum(purpose.encode()), double=False).to(canvas.device)
        return drawn if row is None else drawn[row : row + 1]

    return draw
