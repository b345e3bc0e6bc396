"""Frequencies are those of NumPy, as many as asked for, each with its opposite."""

import numpy as np
import pytest

from observing import IMAGE, observed
from superpose import make


def test_frequencies_are_those_of_numpy():
    got = observed("fourier", share=0.5, centre=0.2)[0].numpy()
    real, imaginary = got[:3], got[3:]
    want = np.fft.fft2(IMAGE[0].numpy(), norm="ortho")
    seen = np.abs(got).sum((0, 1)) > 0
    assert seen[0]
    assert seen[1]
    assert seen.sum() == 7  # 4 of 9 columns from 0 to 8, each with its opposite
    np.testing.assert_allclose(real + 1j * imaginary, want * seen, atol=1e-12)


def measured(width, **options):
    """The columns that are measured, as numbers."""
    bound = make("operator", "fourier", **options).bound_to((1, 4, width))
    return set(bound.seen[0].nonzero().flatten().tolist())


@pytest.mark.parametrize("width", [1, 2, 7, 16])
def test_every_frequency_comes_with_its_opposite(width):
    for share in (0.01, 0.3, 0.6, 1.0):
        for seed in range(3):
            columns = measured(width, share=share, centre=0.0, seed=seed)
            assert columns == {-column % width for column in columns}
            assert len({min(column, width - column) for column in columns}) == max(1, round(share * (width // 2 + 1)))
    assert measured(width, share=1.0) == set(range(width))


def test_the_lowest_are_measured_in_any_case():
    for seed in range(5):
        assert measured(16, share=0.5, centre=0.25, seed=seed) >= {0, 1, 15}
    assert measured(16, share=0.01, centre=0.25) == {0, 1, 15}
    assert len({frozenset(measured(16, share=0.5, seed=seed)) for seed in range(5)}) > 1
