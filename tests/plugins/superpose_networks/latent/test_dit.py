"""The diffusion transformer: places and blocks in closed form, and the paper's network over the same weights."""

import math

import numpy as np
import pytest
import torch

from ldm_dit_original import OriginalDiT, positions
from superpose_networks import assign
from superpose_networks.latent import DiT, DiTConfig, paper_dit, paper_dit_names
from superpose_networks.latent.dit import modulated, places

SMALL = {
    "num_attention_heads": 2, "attention_head_dim": 4, "num_layers": 2, "sample_size": 4, "in_channels": 3,
    "num_embeds_ada_norm": 5,
}  # fmt: skip


@pytest.mark.parametrize(("grid", "width"), [(1, 4), (3, 8), (5, 12)])
def test_places_are_those_of_the_papers_program_and_of_the_formula(grid, width):
    got = places(grid, width)
    torch.testing.assert_close(got, positions(grid, width).view(grid * grid, width).float(), atol=1e-6, rtol=0)
    row, column, k = grid - 1, grid // 2, 1 % (width // 4)
    frequency = 10_000 ** (-k / (width // 4))
    mine = got[row * grid + column]
    assert mine[k] == pytest.approx(math.sin(column * frequency), abs=1e-6)
    assert mine[width // 2 + k] == pytest.approx(math.sin(row * frequency), abs=1e-6)
    assert mine[width // 4 + k] == pytest.approx(math.cos(column * frequency), abs=1e-6)


def test_modulation_scales_around_one_and_shifts():
    h = torch.tensor([[1.0, 2.0]])
    assert modulated(h.clone(), torch.tensor([[0.5, 0.0]]), torch.tensor([[0.0, 1.0]])).tolist() == [[1.5, 4.0]]


def randomised(network):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in filter(lambda one: one.requires_grad, network.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return network.double().eval()


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_it_is_the_papers_network_over_the_same_weights(patch):
    theirs = randomised(OriginalDiT(size=4, patch=patch, channels=3, width=8, depth=2, heads=2, classes=5))
    stored = theirs.state_dict()
    config = paper_dit("f", {name: tuple(value.shape) for name, value in stored.items()}, heads=2)
    ours = DiT(config)
    assign(ours, paper_dit_names(dict(stored), config.num_layers), "f")
    ours = ours.double()
    x = torch.randn(3, 3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    t, y = torch.tensor([0.0, 500.0, 999.0]), torch.tensor([0, 4, 5])
    with torch.no_grad():
        torch.testing.assert_close(ours(x, t, y), theirs(x, t, y), atol=1e-5, rtol=1e-5)


def test_every_row_hears_its_own_time_and_class_and_one_time_stands_for_all():
    network = randomised(DiT(DiTConfig(**SMALL)))
    x = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1)).double().expand(3, -1, -1, -1)
    with torch.no_grad():
        answers = network(x, torch.tensor([10.0, 10.0, 700.0]), torch.tensor([0, 1, 0]))
        same = network(x, torch.tensor(10.0), torch.tensor([0, 0, 0]))
    assert not torch.allclose(answers[0], answers[1], atol=1e-3)
    assert not torch.allclose(answers[0], answers[2], atol=1e-3)
    torch.testing.assert_close(same, same[:1].expand_as(same))
    torch.testing.assert_close(same[0], answers[0])


def test_variance_channels_are_further_channels():
    network = DiT(DiTConfig(**SMALL, out_channels=6)).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 4, 4), torch.tensor(1.0), torch.tensor([0, 0])).shape == (2, 6, 4, 4)


def test_with_gates_of_zero_a_block_changes_nothing():
    """As the paper begins its training: adaLN-zero."""
    network = randomised(DiT(DiTConfig(**SMALL)))
    for block in network.transformer_blocks:
        torch.nn.init.zeros_(block.norm1.linear.weight)
        torch.nn.init.zeros_(block.norm1.linear.bias)
    h = torch.randn(2, 4, 8, dtype=torch.float64)
    features = torch.randn(2, 8, dtype=torch.float64)
    assert np.array_equal(network.transformer_blocks[0](h, features).detach(), h)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"attention_head_dim": 3}, "6 features and patches of 2 on 4 are not supported"),
        ({"sample_size": 5}, "patches must fit"),
        ({"patch_size": 0}, "patch_size = 0 is not supported; supported: whole numbers from 1"),
        ({"num_layers": 0}, "num_layers = 0 is not supported"),
        ({"num_attention_heads": 0}, "num_attention_heads = 0 is not supported"),
        ({"activation_fn": "relu"}, "activation_fn"),
    ],
)
def test_networks_that_can_not_be_are_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        DiTConfig(**SMALL | changes)
