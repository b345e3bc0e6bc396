"""Triple hybrids: two hybrids, one in the other."""

import math

import numpy as np
import pytest
import torch

from superpose import make


def test_a_triple_is_two_hybrids_one_in_the_other():
    """Blurs of two Gaussians are that of one whose variance is their sum."""
    x = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    triple = make("decomposition", "triple-hybrid", sigma_1=3.0, sigma_2=4.0)
    inside = np.s_[..., 24:-24, 24:-24]  # mirrored borders are blurred twice
    low = make("decomposition", "hybrid", sigma=5.0).part("low")(x)
    assert float((triple.part("low")(x) - low)[inside].abs().max()) < 2e-3 * float(low.abs().max())
    high = make("decomposition", "hybrid", sigma=3.0).part("high")(x)
    torch.testing.assert_close(triple.part("high")(x), high)


def test_each_part_passes_its_own_waves():
    """A slow wave, a middling and a fast one, of which a Gaussian of deviation s leaves exp(-(s w)^2 / 2)."""
    rule, place = make("decomposition", "triple-hybrid", sigma_1=1.0, sigma_2=2.0), torch.arange(64.0).double()
    for cycles in (1, 8, 28):
        w = 2 * math.pi * cycles / 64
        once, twice = (math.exp(-((s * w) ** 2) / 2) for s in (1.0, math.hypot(1.0, 2.0)))
        wave = torch.cos(w * place).expand(1, 1, 64, 64)
        parts = rule.split(wave)
        for name, part, share in zip(rule.names, parts, (twice, once - twice, 1 - once), strict=True):
            inside = (part / 1)[0, 0, 32, 20:44] - share * wave[0, 0, 32, 20:44]
            assert float(inside.abs().max()) < 0.01, f"{name} of {cycles} cycles"


def test_what_is_seen_from_afar_is_what_two_blurs_leave():
    far = make("decomposition", "triple-hybrid", sigma_1=3.0, sigma_2=4.0)
    hybrid = {sigma: make("decomposition", "hybrid", sigma=sigma).distance("low") for sigma in (3.0, 5.0)}
    assert far.distance("low") == pytest.approx(hybrid[5.0])
    assert far.distance("middle") == pytest.approx(hybrid[3.0])
    assert far.distance("high") == 1


def test_it_blurs_a_larger_image_further():
    rule = make("decomposition", "triple-hybrid")
    x = np.cos(2 * np.pi * 3 * (np.arange(32) + 0.5) / 32)
    small, large = (torch.from_numpy(np.repeat(x, n)).expand(1, 1, 32 * n, 32 * n) for n in (2, 4))
    for one, other in zip(rule.split(small), rule.split(large), strict=True):
        middle = one[0, 0, 32].repeat_interleave(2)
        assert float((other[0, 0, 64] - middle)[40:-40].abs().max()) < 0.08
