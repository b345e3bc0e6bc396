"""Our decompositions against the original program's, and what they mean."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from problems import told
from superpose import make

PARTS = np.load(Path(__file__).parents[2] / "fixtures" / "va_d_linear_views" / "parts.npz")
SAME = [
    ("low_pass", "hybrid", {"sigma": 2.0}, "low"),
    ("high_pass", "hybrid", {"sigma": 2.0}, "high"),
    ("low_pass_3", "hybrid", {"sigma": 3.0}, "low"),
    ("grayscale", "colour", {}, "grey"),
    ("color", "colour", {}, "colour"),
    ("triple_low_pass", "triple-hybrid", {}, "low"),
    ("triple_medium_pass", "triple-hybrid", {}, "middle"),
    ("triple_high_pass", "triple-hybrid", {}, "high"),
    ("motion", "motion", {}, "moving"),
    ("motion_res", "motion", {}, "still"),
]


def formula(size):
    k, i, j = np.meshgrid(np.arange(3), np.arange(size), np.arange(size), indexing="ij")
    x = np.sin(0.05 * (k + 1) * i + 0.11 * j) + np.cos(0.013 * i * j / 16 + k)
    return torch.from_numpy(x.astype(np.float32))[None]


@pytest.mark.parametrize(("key", "kind", "options", "name"), SAME, ids=[key for key, *_ in SAME])
def test_parts_are_theirs(key, kind, options, name):
    part = make("decomposition", kind, **options).part(name)
    small = part(torch.from_numpy(PARTS["noise"][:3])[None])[0, :, :20].numpy()
    large = part(formula(256))[0, :, :24, :24].numpy()
    for got, where, atol in ((small, "64", 2e-5), (large, "256_crop", 4e-5)):
        want = PARTS[f"{key}-{where}"]
        off = (np.abs(got - want) - 1e-4 * np.abs(want)).max()
        assert off <= atol, f"{kind} {name} at {where} is {off:.2e} off"


@given(
    sigma=st.floats(0.05, 32),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
)
def test_a_blur_of_any_width_fits_any_size(sigma, height, width):
    """However far the kernel reaches over the borders, grey stays grey and no value leaves the range."""
    low = make("decomposition", "hybrid", sigma=sigma).part("low")
    grey = low(torch.full((1, 1, height, width), 0.25))
    torch.testing.assert_close(grey, torch.full_like(grey, 0.25))
    x = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    blurred = low(x)
    assert blurred.min() >= x.min() - 1e-6
    assert blurred.max() <= x.max() + 1e-6


def test_the_blur_is_the_gaussian_of_scipy():
    from scipy.ndimage import gaussian_filter

    x = np.random.default_rng(0).standard_normal((23, 17))
    want = gaussian_filter(x, 2.0 * 23 / 64, mode="mirror", truncate=8)
    got = make("decomposition", "hybrid").part("low")(torch.from_numpy(x)[None, None])[0, 0].numpy()
    assert np.abs(got - want).max() < 1e-5


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


def test_colour_needs_colours():
    assert "only one: use a model of colour images" in told(make("decomposition", "colour"), (1, 8, 8))
    assert not told(make("decomposition", "colour"), (3, 8, 8))


def test_colour_parts_are_projections():
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    colour = make("decomposition", "colour")
    for name in colour.names:
        part = colour.part(name)
        torch.testing.assert_close(part(part(x)), part(x), atol=1e-6, rtol=1e-5)
