"""Activations by the names in files: the functions of torch, which may overwrite what needs no gradient."""

import pytest
import torch
from torch.nn import functional

from superpose_networks.activation import ACTIVATIONS, silu_

REFERENCES = {
    "silu": lambda x: x * torch.sigmoid(x),
    "swish": lambda x: x * torch.sigmoid(x),
    "mish": lambda x: x * torch.tanh(torch.log1p(torch.exp(x))),
    "gelu": lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2,
    "relu": lambda x: x.clamp(min=0),
}


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 3


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(3, 5), (1, 7), (2, 4, 3, 3)])
def test_each_is_its_formula(name, shape):
    x = numbers(*shape).double()
    want = REFERENCES[name](x)
    torch.testing.assert_close(ACTIVATIONS[name](x.clone()), want)


def test_a_tensor_of_ones_own_is_written_over_and_one_with_a_gradient_is_not():
    x = numbers(4, 16)
    want = functional.silu(x)
    got = silu_(x)
    torch.testing.assert_close(got, want)
    assert torch.equal(x, got), "no second tensor is made"
    tracked = numbers(4, 16).requires_grad_()
    before = tracked.detach().clone()
    silu_(tracked).sum().backward()
    assert torch.equal(tracked.detach(), before)
    s = torch.sigmoid(before)
    torch.testing.assert_close(tracked.grad, s * (1 + before * (1 - s)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_rows_bits_do_not_depend_on_the_others(name):
    x = numbers(5, 13)
    together = ACTIVATIONS[name](x.clone())
    for i in range(5):
        assert torch.equal(ACTIVATIONS[name](x[i : i + 1].clone())[0], together[i])
