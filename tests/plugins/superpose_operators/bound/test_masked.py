"""A mask is its own adjoint, its own pseudo-inverse, and a projection."""

import torch

from observing import assert_numpy_agrees
from superpose_operators.bound.masked import Masked

SEEN = (torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(0)) < 0.5).float()


def test_it_is_numpys_projection():
    assert 0 < SEEN.sum() < SEEN.numel()
    assert_numpy_agrees(Masked((3, 4, 5), SEEN))


def test_once_more_changes_nothing():
    bound, x = Masked((3, 4, 5), SEEN), torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    seen = bound.apply(x)
    assert torch.equal(bound.apply(seen), seen)
    assert torch.equal(bound.adjoint(seen), seen)
    assert torch.equal(bound.pseudo_inverse(seen), seen)
    assert torch.equal(seen[:, SEEN == 1], x[:, SEEN == 1])


def test_all_or_nothing():
    x = torch.randn(1, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    assert torch.equal(Masked((3, 4, 5), torch.ones(3, 4, 5)).pseudo_inverse(x), x)
    assert not Masked((3, 4, 5), torch.zeros(3, 4, 5)).pseudo_inverse(x).any()
