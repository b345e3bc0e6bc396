"""Renderers: what binds, and modules of torch as they are."""

import attrs
import pytest
import torch
from torch import nn

from superpose import BoundRenderer, ModuleRenderer, PluginError, Renderer, make, problems_of


class Painted(nn.Module):
    """A picture as a bias, noise that stays, and a layer that is drawn at random."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)
        self.register_buffer("places", torch.randn(3, 4))
        self.register_buffer("count", torch.tensor(3))

    def forward(self):
        return self.layer(self.places).tanh()[None]


def test_a_module_is_drawn_with_parameters_of_each_seed():
    renderer = ModuleRenderer(Painted)
    state = torch.get_rng_state()
    first, again, other = (renderer.parameters(torch.zeros(1, 3, 2), seed) for seed in (5, 5, 6))
    assert torch.equal(state, torch.get_rng_state()), "the generator of the process is left alone"
    assert [tuple(each.shape) for each in first] == [(2, 4), (2,), (3, 4)], "whole numbers are no parameters"
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert not any(each.requires_grad for each in first)
    weights, biases, places = first
    assert torch.equal(renderer.render(first), torch.nn.functional.linear(places, weights, biases).tanh()[None])


def test_buffers_of_a_module_stay():
    renderer = ModuleRenderer(Painted)
    leaves = [each.requires_grad_() for each in renderer.parameters(torch.zeros(1, 3, 2), 5)]
    slopes = torch.autograd.grad(renderer.render(tuple(leaves)).sum(), leaves, allow_unused=True)
    assert slopes[2] is None
    assert all(bool(slope.abs().max() > 0) for slope in slopes[:2])


@attrs.frozen(kw_only=True)
class Unbound(Renderer):
    kind = "unbound"

    def bind(self, shape, device="cpu"):
        return shape


def test_what_is_no_renderer_is_told():
    with pytest.raises(PluginError, match=r"Unbound\.bind.* returns a tuple, and must return a superpose\.BoundRende"):
        Unbound().bound_to((1, 3, 2))
    assert problems_of(Unbound().problems, (1, 3, 2)) == []
    assert isinstance(make("renderer", "pixels").bound_to((1, 3, 2)), BoundRenderer)
