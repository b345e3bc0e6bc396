"""Systematic resampling, against its definition."""

import pytest
import torch

from superpose.sampling.resampling import drawn, effective_sizes, systematic


def test_every_particle_has_its_share_of_children_or_one_more():
    generator = torch.Generator().manual_seed(0)
    log_weights = torch.randn(200, 8, generator=generator, dtype=torch.float64)
    uniform = torch.rand(200, generator=generator)
    children = torch.stack([parents.bincount(minlength=8) for parents in systematic(log_weights, uniform)])
    due = 8 * log_weights.softmax(1)
    assert ((children - due).abs() < 1).all()


def test_on_average_it_is_exactly_the_share():
    log_weights = torch.tensor([[0.0, 1.0, -2.0, 0.3]], dtype=torch.float64).expand(4096, -1)
    uniform = torch.arange(4096) / 4096
    children = systematic(log_weights, uniform).flatten().bincount(minlength=4) / 4096
    torch.testing.assert_close(children.double(), 4 * log_weights[0].softmax(0), atol=1e-3, rtol=0)
    alone = drawn(log_weights, uniform).bincount(minlength=4) / 4096
    torch.testing.assert_close(alone.double(), log_weights[0].softmax(0), atol=1e-3, rtol=0)


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-24])
def test_equal_weights_change_nothing(uniform):
    parents = systematic(torch.full((1, 8), 3.0, dtype=torch.float64), torch.tensor([uniform]))
    assert parents.tolist() == [list(range(8))]


def test_the_effective_size_counts_equal_particles():
    log_weights = torch.tensor([[0.0, 0.0, -torch.inf, -torch.inf], [5.0, 5.0, 5.0, 5.0], [0.0, -900, -900, -900]])
    assert effective_sizes(log_weights.double()).tolist() == pytest.approx([2.0, 4.0, 1.0])


def test_what_is_no_number_is_still_a_particle():
    lost = torch.tensor([[torch.nan, 0.0], [-torch.inf, -torch.inf]], dtype=torch.float64)
    parents = systematic(lost, torch.tensor([0.5, 0.5]))
    assert parents.min() >= 0
    assert parents.max() < 2
    assert effective_sizes(lost).isnan().all()
