"""Hybrids: what they show is the same share of an image at every size."""

import numpy as np
import pytest
import torch

from superpose import make


def test_one_recipe_means_the_same_at_every_size():
    """A picture twice as large is blurred twice as far: a wave comes out equally faint."""
    hybrid = make("decomposition", "hybrid", sigma=3.0)
    left = []
    for size in (32, 64, 128, 256):
        wave = torch.sin(2 * torch.pi * 4 * torch.arange(size) / size).expand(1, 1, size, size)
        low = hybrid.part("low")(wave)
        left.append(float(low[..., size // 4 : -size // 4].abs().max()))
    want = float(np.exp(-0.5 * (3 * 2 * np.pi * 4 / 64) ** 2))
    assert np.abs(np.array(left) - want).max() < 0.01 * want, f"left of the wave: {left}, in the continuum {want}"


@pytest.mark.parametrize("kind", ["hybrid", "triple-hybrid"])
def test_a_part_alone_is_the_part_of_the_whole(kind):
    x = torch.randn(2, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    parts = make("decomposition", kind)
    for name, want in zip(parts.names, parts.split(x), strict=True):
        assert torch.equal(parts.part(name)(x), want), name


def test_what_is_seen_from_afar_is_seen_from_further_the_more_is_blurred():
    distances = [make("decomposition", "hybrid", sigma=sigma).distance("low") for sigma in (0.1, 1.0, 4.0)]
    assert distances == [1.0, 3.0, 12.0]
    assert make("decomposition", "hybrid").distance("high") == 1
