"""Bands of cosines against scipy's transform, and what they mean."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn, idctn

from problems import told
from superpose import make


def cycles(height, width):
    """Cycles of each frequency along the height of the image: frequency k goes through k / 2 of them."""
    return np.hypot(np.arange(height)[:, None] / 2, np.arange(width) / 2 * height / width)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 20), (64, 40)])
def test_a_band_is_scipys_transform_with_the_other_frequencies_left_out(height, width):
    x = np.random.default_rng(0).standard_normal((2, 3, height, width))
    ends = [-1.0, 3.0, 6.0, 12.0, np.inf]
    parts = make("decomposition", "dct", bands=4, lowest=3.0).split(torch.from_numpy(x))
    assert len(parts) == 4
    for part, above, upto in zip(parts, ends, ends[1:], strict=False):
        kept = (cycles(height, width) > above) & (cycles(height, width) <= upto)
        want = idctn(dctn(x, axes=(-2, -1), norm="ortho") * kept, axes=(-2, -1), norm="ortho")
        assert np.abs(part.numpy() - want).max() < 1e-12


@settings(max_examples=30)
@given(bands=st.integers(2, 5), height=st.integers(2, 24), width=st.integers(2, 24), lowest=st.floats(0.1, 8))
def test_parts_are_orthogonal_projections_that_sum_to_the_image_at_any_size(bands, height, width, lowest):
    dct = make("decomposition", "dct", bands=bands, lowest=lowest)
    x = torch.randn(1, 2, height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    parts = dct.split(x)
    torch.testing.assert_close(sum(parts), x)
    for i, part in enumerate(parts):
        for j, name in enumerate(dct.names):
            torch.testing.assert_close(dct.part(name)(part), part if i == j else torch.zeros_like(x))


def test_an_image_is_the_same_bits_in_any_company():
    dct, x = make("decomposition", "dct"), torch.randn(16, 3, 33, 20, generator=torch.Generator().manual_seed(0))
    for name in dct.names:
        together, alone = dct.part(name)(x), torch.cat([dct.part(name)(one) for one in x.split(1)])
        assert torch.equal(together, alone), name


def test_one_recipe_means_the_same_at_every_size():
    """A wave of 3 cycles is in the first band and one of 5 in the second, whatever the number of pixels."""
    dct = make("decomposition", "dct", bands=2, lowest=4.0)
    for size in (16, 32, 65):
        for count, number in ((3, 0), (5, 1)):
            wave = torch.cos(2 * torch.pi * count * (torch.arange(size) + 0.5) / size).expand(1, 1, size, size)
            torch.testing.assert_close(dct.split(wave)[number], wave, atol=1e-5, rtol=0)


def test_a_band_without_frequencies_is_refused():
    dct = make("decomposition", "dct", bands=4, lowest=4.0)
    assert not told(dct, (3, 32, 32))
    assert told(dct, (3, 8, 8)) == (
        "band-2 of dct has no frequency of 8x8 pixels: use fewer bands, or another value of lowest (here 4)"
    )
    # Frequencies that a picture has stay clear of ones that fall between two of its own.
    assert "band-1 of dct" in told(make("decomposition", "dct", bands=3, lowest=0.1), (3, 8, 8))
