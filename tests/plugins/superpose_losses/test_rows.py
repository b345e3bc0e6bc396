"""Lengths of rows."""

import torch

from superpose_losses.rows import lengths


def test_they_are_those_of_torch():
    rows = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(lengths(rows), torch.linalg.vector_norm(rows.flatten(1), dim=1))


def test_no_bit_depends_on_the_rows_beside():
    rows = torch.randn(7, 3, 33, 31, generator=torch.Generator().manual_seed(0))
    assert torch.equal(lengths(rows), torch.cat([lengths(row[None]) for row in rows]))


def test_a_length_of_nothing_has_no_slope():
    rows = torch.zeros(2, 3, requires_grad=True)
    [slope] = torch.autograd.grad(lengths(rows).sum(), rows)
    assert torch.equal(slope, torch.zeros(2, 3))
