"""The laws of constraints have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest
import torch

from superpose import Canvas, Constraint, Denoiser, Edit, LawError, Rule, differentiable
from superpose.testing import check_constraint


@attrs.frozen(kw_only=True)
class Chosen(Constraint, Rule):
    """Hooks that a test chooses."""

    kind = "rule"
    edit: object = None
    levels: object = None

    def bind(self, canvas):
        return self

    def plan(self, plan):
        return self.levels(plan) if self.levels else plan

    def before(self, x, here, noise):
        return Edit(self.edit(x, noise)) if self.edit else Edit(x)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Chosen(edit=lambda x, noise: x.add_(1)), r"before writes to its argument \(by up to 1\)"),
        (Chosen(edit=lambda x, noise: x[:, :1]), r"before makes \(3, 1, 8, 8\), torch.float32 of \(3, 3, 8, 8\)"),
        (
            Chosen(edit=lambda x, noise: x + torch.rand(1)),
            r"before differs by 0\.\d+ the second time; take randomness from",
        ),
        (Chosen(edit=lambda x, noise: x - x.mean(0)), r"before of one sample changes by \d"),
        (Chosen(levels=lambda plan: attrs.evolve(plan, levels=plan.levels[:1])), "leaves the plan no step"),
        (Chosen(levels=lambda plan: type(plan).of(plan.levels[:-1])), "its plan ends at NoiseLevel"),
        (
            Chosen(levels=lambda plan: attrs.evolve(plan, levels=plan.levels[2:])),
            r"levels have the places \[2, 3, 4, 5, 6\]",
        ),
    ],
)
def test_what_is_no_constraint_is_caught(rule, says):
    with pytest.raises(LawError, match=says):
        check_constraint(rule, Canvas((3, 8, 8)))


@attrs.frozen(eq=False)
class Answering(Denoiser):
    """What a denoiser says, changed as a test chooses."""

    inner: Denoiser
    change: object

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        return self.change(estimate, x)


@attrs.frozen(eq=False)
class Sloped(Denoiser):
    """Adds the gradient of a loss that a test chooses."""

    inner: Denoiser
    loss: object

    def estimate(self, x, level):
        x = x.detach().requires_grad_()
        estimate = yield from differentiable(self.inner.estimate(x, level))
        with torch.enable_grad():
            [gradient] = torch.autograd.grad(self.loss(estimate.clean), x)
        return estimate._replace(guidance_gradient=-gradient)


@attrs.frozen(kw_only=True)
class Wrapping(Constraint, Rule):
    """Wraps as a test chooses."""

    kind = "wrapping"
    needs = frozenset({"differentiable"})
    made: object

    def bind(self, canvas):
        return self

    def wrap(self, denoiser):
        return self.made(denoiser)


@attrs.frozen(kw_only=True)
class Quiet(Wrapping):
    """The same, and says nothing of what it needs."""

    needs = frozenset()


@attrs.frozen(kw_only=True)
class Late(Constraint):
    """Its rule needs what it does not say."""

    kind = "late"

    def bind(self, canvas):
        return Wrapping(made=lambda inner: inner)


def answering(change):
    return Wrapping(made=lambda inner: Answering(inner, change))


def sloped(loss, cls=Wrapping):
    return cls(made=lambda inner: Sloped(inner, loss))


class Counting:
    """Says something else each time."""

    def __init__(self):
        self.times = 0

    def __call__(self, estimate, x):
        self.times += 1
        return estimate._replace(guidance_gradient=torch.full_like(estimate.clean, self.times))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Late(), r"its rule needs \['differentiable'\], and it does not say so: add it to needs of the constraint"),
        (sloped(lambda clean: clean.square().sum(), Quiet), 'asks for gradients, and does not say so: add "diff'),
        (sloped(lambda clean: clean.sum().square()), r"what is said of one sample changes by \d.* with the samples"),
        (
            answering(lambda estimate, x: estimate._replace(clean=2 * estimate.clean)),
            "wraps the denoiser, and Answering",
        ),
        (answering(lambda estimate, x: estimate._replace(clean=estimate.clean[:, :1])), "Answering makes an image of"),
        (answering(lambda estimate, x: (x.mul_(1.5), estimate)[1]), r"wrap writes to its argument \(by up to \d"),
        (
            answering(lambda estimate, x: estimate._replace(guidance_gradient=torch.rand_like(x))),
            "wrap draws from torch's global generator",
        ),
        (answering(Counting()), "wrap differs by 1 the second time; what it keeps is kept by superpose.remember"),
    ],
)
def test_a_wrapper_that_breaks_a_law_is_caught(rule, says):
    with pytest.raises(LawError, match=says):
        check_constraint(rule, Canvas((3, 8, 8)))


def test_a_lawful_wrapper_passes():
    figures = check_constraint(sloped(lambda clean: clean.square().sum()), Canvas((3, 8, 8)))
    assert set(figures) == {
        "keeps-plans-whole",
        "says-what-it-needs",
        "wrap-keeps-the-law",
        "wrap-in-form",
        "wrap-keeps-samples-apart",
    }


def test_a_lawful_constraint_passes():
    check_constraint(Chosen(edit=lambda x, noise: x + noise("own")), Canvas((3, 8, 8)))


@attrs.frozen(kw_only=True)
class Louder(Constraint, Rule):
    """Shapes noise."""

    kind = "louder"
    gain: float = 1.2

    def bind(self, canvas):
        return self

    def shape_noise(self, noise):
        return noise * self.gain


def test_noise_that_is_shaped_keeps_its_deviation():
    check_constraint(Louder(gain=-1.0), Canvas((3, 8, 8)))
    with pytest.raises(LawError, match=r"shape_noise makes noise whose variance is 0\.[4-6]"):
        check_constraint(Louder(), Canvas((3, 8, 8)))
