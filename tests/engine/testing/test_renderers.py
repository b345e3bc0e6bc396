"""The laws of renderers catch what breaks them."""

import attrs
import pytest
import torch

from superpose import BoundRenderer, LawError, Problem, Renderer
from superpose.testing import check_renderer


def draws(seed):
    return torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(seed))


@attrs.frozen(kw_only=True, eq=False)
class Drawing(Renderer):
    """Draws by functions."""

    kind = "drawing"
    parameters: object = staticmethod(lambda start, seed: (draws(seed),))
    render: object = staticmethod(lambda parameters: parameters[0].tanh())
    starts: bool = False

    @property
    def begins(self):
        return self.starts

    def problems(self, shape):
        if shape[1] < 4:
            yield Problem("", f"pictures of {shape[1]} rows are too small", "use larger ones")

    def bind(self, shape, device="cpu"):
        return By(self)


@attrs.frozen(eq=False)
class By(BoundRenderer):
    options: Drawing

    def parameters(self, start, seed):
        return self.options.parameters(start, seed)

    def render(self, parameters):
        return self.options.render(parameters)


class Uphill(torch.autograd.Function):
    """The tangent, with the gradient of its negative."""

    @staticmethod
    def forward(ctx, x):
        return x.tanh()

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


def test_a_lawful_one_has_a_figure_for_each_law():
    names = {
        "draws-a-picture-in-range",
        "is-of-its-seed",
        "leaves-its-arguments-alone",
        "has-a-gradient",
        "follows-its-slope",
    }
    assert set(check_renderer(Drawing(), 3, 4, 4)) == names
    at_a_picture = Drawing(parameters=lambda start, seed: (start,), render=lambda it: it[0], starts=True)
    assert set(check_renderer(at_a_picture, 3, 4, 4)) == names | {"begins-at-a-picture"}


def writes(parameters):
    return parameters[0].detach().mul_(2).tanh() + parameters[0] * 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"parameters": lambda start, seed: draws(seed)}, "its parameters are no tuple of tensors"),
        ({"parameters": lambda start, seed: (draws(seed), 3)}, "not all of its parameters are tensors of floats"),
        ({"render": lambda it: it[0][:2].tanh()}, r"it draws \(2, 4, 4\)"),
        ({"render": lambda it: it[0] * 9}, r"its picture reaches .* must lie in \[-1, 1\]: use tanh"),
        ({"parameters": lambda start, seed: (torch.randn(3, 4, 4),)}, "it moves the generator of the process: draw"),
        ({"parameters": lambda start, seed: (draws(0),)}, "all seeds give the same parameters"),
        ({"starts": True}, "away from a picture: say begins = False"),
        ({"render": writes}, "render writes to its argument"),
        ({"render": lambda it: it[0].detach().tanh()}, "torch sees no parameter in its picture"),
        ({"render": lambda it: it[0].tanh() * 0}, "its largest slope is 0.0"),
        ({"render": lambda it: Uphill.apply(it[0])}, "it does not move against its slope"),
    ],
)
def test_what_breaks_a_law_is_told(options, why):
    with pytest.raises(LawError, match=why):
        check_renderer(Drawing(**options), 3, 4, 4)


def test_a_size_that_is_refused_is_told():
    with pytest.raises(LawError, match="it refuses this size: pictures of 3 rows are too small: use larger ones"):
        check_renderer(Drawing(), 3, 3, 4)
