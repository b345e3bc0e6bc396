"""The laws of constraints and of the rules that they are bound to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import attrs

from superpose.errors import RunError
from superpose.estimate.problem import problems_of, refuse
from superpose.levels.noise_level import NoiseLevel
from superpose.sampling.noise import Drawn
from superpose.sampling.rule import Edit
from superpose.testing.law import Law, figures
from superpose.testing.probes import broken, gap, noise, of_law, unwritten

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.canvas import Canvas
    from superpose.estimate.prediction import Estimate
    from superpose.levels.plan import Plan
    from superpose.sampling.constraint import Constraint
    from superpose.sampling.noise import NoiseLaw, RuleNoise
    from superpose.sampling.rule import Rule

    Hook = Callable[[Tensor, NoiseLevel, RuleNoise], Edit]


def check_constraint(constraint: Constraint, canvas: Canvas, steps: int = 6) -> dict[str, float]:
    """Hold a constraint to its laws: bound to ``canvas``, on a plan of so many steps.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
        RecipeError: If it does not fit the canvas.
    """
    refuse(problems_of(constraint.problems, canvas))
    return figures(laws(constraint, canvas, steps))


def laws(constraint: Constraint, canvas: Canvas, steps: int = 6) -> Iterator[Law]:
    """The laws of a constraint; those of its hooks come after that of its plan, which they are tried on."""
    bound = Bound(constraint, constraint.bound_to(canvas), canvas)
    rule, whole = bound.rule, _plan(steps)
    yield Law("keeps-plans-whole", lambda: keeps_plans_whole(bound, whole))
    plan = rule.plan(whole)
    here, there = plan.levels[:2]
    hooks: dict[str, Hook] = {
        "start": lambda x, _, draw: rule.start(x, plan, draw),
        "before": rule.before,
        "on_clean": lambda x, at, _: rule.on_clean(x, at),
        "move": lambda x, at, draw: Edit(rule.move(bound.seen, x, at, there, draw)),
        "after": lambda x, _, draw: rule.after(x, there, draw),
        "finish": lambda x, _, __: Edit(rule.finish(x)),
    }
    yield Law("says-what-it-needs", lambda: says_what_it_needs(bound))
    for name in sorted(rule.hooks() & set(hooks)):
        yield Law(f"{name}-in-form", partial(edits_in_form, bound, name, hooks[name], here))
        yield Law(f"{name}-keeps-samples-apart", partial(keeps_samples_apart, bound, name, hooks[name], here))
    if "shape_noise" in rule.hooks():
        yield Law("shape_noise-in-form", partial(edits_in_form, bound, "shape_noise", _shaped(rule), here))
        apart = partial(keeps_samples_apart, bound, "shape_noise", _shaped(rule), here)
        yield Law("shape_noise-keeps-samples-apart", apart)
        yield Law("shape_noise-keeps-deviations", partial(keeps_deviations, bound))
    if "wrap" in rule.hooks():
        levels = [plan.asked(step) for step in range(plan.steps) if not plan.climbs(step)]
        yield Law("wrap-keeps-the-law", lambda: wrap_keeps_the_law(bound, levels))
        yield Law("wrap-in-form", lambda: wrap_in_form(bound, levels))
        yield Law("wrap-keeps-samples-apart", lambda: wrap_keeps_samples_apart(bound, levels))


@attrs.frozen
class Bound:
    """A constraint and its rule on a canvas."""

    constraint: Constraint
    rule: Rule
    canvas: Canvas

    def broken(self, what: str) -> NoReturn:
        """Raise the `LawError` of a broken law."""
        broken(self.constraint, "x".join(map(str, self.canvas.shape)), what)

    def seen(self, x: Tensor, level: NoiseLevel) -> Estimate:
        """Clean images that a step is told of, each by itself."""
        from superpose.estimate.prediction import Estimate

        return Estimate(x.clamp(-level.prior, level.prior) / level.prior)

    def asked(self, x: Tensor, level: NoiseLevel, *, differentiable: bool = True) -> Estimate:
        """Answers of a small network about ``x``, as the rule wraps its denoiser."""
        import torch

        from superpose.estimate.denoiser import prompted
        from superpose.sampling.rule import wrapped
        from superpose.testing.predictors import TinyPredictor

        network = TinyPredictor(self.canvas.shape)
        network.differentiable = differentiable
        with torch.no_grad():
            return wrapped(prompted(network, "cat"), [self.rule])(x, level)


def says_what_it_needs(bound: Bound) -> float:
    """Needs of the rule are said by the constraint before any weight is read, gradients of a network included."""
    said, needed = bound.constraint.needs, bound.rule.needs
    if missing := sorted(needed - said):
        bound.broken(f"its rule needs {missing}, and it does not say so: add it to needs of the constraint")
    if "wrap" in bound.rule.hooks() and "differentiable" not in said:
        x = noise(1, *bound.canvas.shape, double=False)
        try:
            bound.asked(x, _plan(2).asked(1), differentiable=False)
        except RunError:
            bound.broken('it asks for gradients, and does not say so: add "differentiable" to needs')
    return 0.0


def keeps_plans_whole(bound: Bound, plan: Plan) -> int:
    """A plan keeps its end, and its levels know their places: the number of its steps."""
    constraint, steps = bound.constraint, f"{plan.steps} steps"
    wanted = bound.rule.plan(plan)
    if not wanted.steps:
        broken(constraint, steps, "it leaves the plan no step")
    places = [level.index for level in wanted.levels]
    if places != list(range(len(places))):
        broken(constraint, steps, f"its plan's levels have the places {places}; make it with Plan.of")
    if wanted.levels[-1][1:] != plan.levels[-1][1:]:
        broken(constraint, steps, f"its plan ends at {wanted.levels[-1]}, not at {plan.levels[-1]}")
    return wanted.steps


def edits_in_form(bound: Bound, name: str, hook: Hook, here: NoiseLevel) -> float:
    """An edit has the form of what is edited, leaves it unwritten, and is the same again for the same noise."""
    canvas = bound.canvas
    x = noise(3, *canvas.shape, double=False).to(canvas.device)
    with unwritten(bound.constraint, name, x):
        edit = hook(x, here, _draw(3, canvas))
    if edit.value.shape != x.shape or edit.value.dtype != x.dtype:
        forms = [f"{tuple(tensor.shape)}, {tensor.dtype}" for tensor in (edit.value, x)]
        bound.broken(f"{name} makes {forms[0]} of {forms[1]}")
    if (off := gap(hook(x, here, _draw(3, canvas)).value, edit.value)) > 0:
        bound.broken(f"{name} differs by {off:.3g} the second time; take randomness from noise() alone")
    return 0.0


def keeps_samples_apart(bound: Bound, name: str, hook: Hook, here: NoiseLevel) -> float:
    """Samples do not depend on those beside them."""
    canvas = bound.canvas
    x = noise(3, *canvas.shape, double=False).to(canvas.device)
    whole = hook(x, here, _draw(3, canvas)).value
    for i in range(3):
        alone = hook(x[i : i + 1], here, _draw(3, canvas, i)).value
        if (off := gap(alone[0], whole[i])) > 0:
            bound.broken(f"{name} of one sample changes by {off:.3g} with the samples beside it")
    return 0.0


def _shaped(rule: Rule) -> Hook:
    return lambda x, _, __: Edit(rule.shape_noise(x))


def keeps_deviations(bound: Bound) -> float:
    """Noise that is shaped has deviation 1 at every place: the furthest from it, of so many samples."""
    samples = 2000
    shaped = bound.rule.shape_noise(noise(samples, *bound.canvas.shape, double=False))
    off = float((shaped.square().mean(0) - 1).abs().max())
    if not off <= 7 * (2 / samples) ** 0.5:  # seven standard errors of a variance
        bound.broken(f"shape_noise makes noise whose variance is {off:.3g} off from 1 at some place")
    return off


def wrap_keeps_the_law(bound: Bound, levels: list[NoiseLevel]) -> float:
    r"""A wrapped denoiser answers :math:`x / \alpha` where every network does."""
    from superpose.estimate.denoiser import prompted
    from superpose.sampling.fitting import unlawful_wraps
    from superpose.testing.predictors import TinyPredictor

    denoiser = prompted(TinyPredictor(bound.canvas.shape), "cat")
    for _, why in unlawful_wraps(denoiser, [bound.rule], bound.canvas.shape, levels):
        bound.broken(why)
    return 0.0


def wrap_in_form(bound: Bound, levels: list[NoiseLevel]) -> float:
    """A wrapped denoiser answers in the form of its argument, leaves it unwritten, and draws nothing at random."""
    import torch

    x = noise(3, *bound.canvas.shape, double=False)
    for level in levels:
        state = torch.random.get_rng_state()
        with unwritten(bound.constraint, "wrap", x):
            estimate = bound.asked(x, level)
        if not torch.equal(state, torch.random.get_rng_state()):
            bound.broken("wrap draws from torch's global generator; a denoiser has no noise")
        if estimate.clean.shape != x.shape or estimate.clean.dtype != x.dtype:
            forms = [f"{tuple(tensor.shape)}, {tensor.dtype}" for tensor in (estimate.clean, x)]
            bound.broken(f"wrap makes {forms[0]} of {forms[1]}")
        if (off := gap(_whole(bound.asked(x, level)), _whole(estimate))) > 0:
            bound.broken(f"wrap differs by {off:.3g} the second time; what it keeps is kept by superpose.remember")
    return 0.0


def wrap_keeps_samples_apart(bound: Bound, levels: list[NoiseLevel]) -> float:
    """Answers of a wrapped denoiser, gradients included, do not depend on the samples beside."""
    x, others = (noise(3, *bound.canvas.shape, seed=seed, double=False) for seed in (0, 1))
    for level in levels:
        whole = _whole(bound.asked(x, level))
        for i in range(3):
            mixed = others.clone()
            mixed[i] = x[i]
            if (off := gap(_whole(bound.asked(mixed, level))[i], whole[i])) > 0:
                bound.broken(f"wrap: what is said of one sample changes by {off:.3g} with the samples beside it")
    return 0.0


def _whole(estimate: Estimate) -> Tensor:
    """The clean image, where it is steered and what the state is moved by, side by side."""
    import torch

    parts = estimate.clean, estimate.guidance_gradient, estimate.displacement
    return torch.cat([tensor for tensor in parts if tensor is not None], 1)


def _plan(steps: int) -> Plan:
    from superpose.levels.plan import Plan

    levels = [1 - i / steps for i in range(steps + 1)]
    return Plan.of([NoiseLevel(0, 999 * s if s else -1, (1 - s * s * 0.99) ** 0.5, s * 0.99**0.5) for s in levels])


@attrs.frozen
class _Draws:
    """Noise that depends on step and purpose; of one sample alone where ``row`` is given."""

    count: int
    canvas: Canvas
    row: int | None

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        seed = sum(purpose.encode()) + 1 + step
        drawn = noise(self.count, *self.canvas.shape, seed=seed, double=False).to(self.canvas.device)
        return of_law(drawn if self.row is None else drawn[self.row : self.row + 1], law)


def _draw(count: int, canvas: Canvas, row: int | None = None) -> RuleNoise:
    return Drawn(_Draws(count, canvas, row), 0)
