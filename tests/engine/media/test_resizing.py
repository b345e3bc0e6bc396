"""MATLAB's resizing as a matrix, held to Pillow and torch; the records of its users are held where they are."""

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import bicubic_matrix


@pytest.mark.parametrize(("size", "wanted"), [(16, 4), (16, 8), (15, 5), (8, 1), (9, 9), (1, 1)])
def test_bicubic_keeps_what_is_flat_and_is_the_same_from_both_ends(size, wanted):
    matrix = bicubic_matrix(size, wanted)
    assert matrix.shape == (wanted, size)
    np.testing.assert_allclose(matrix.sum(1), 1)
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-12)
    if size == wanted:
        np.testing.assert_allclose(matrix, np.eye(size), atol=1e-12)


def test_bicubic_is_pillows_away_from_the_edge():
    """Pillow's cubic has Keys' a = -1/2 and is stretched by the factor too."""
    rng = np.random.default_rng(0)
    row = rng.normal(size=64).astype(np.float32)
    theirs = np.asarray(Image.fromarray(row[None]).resize((16, 1), Image.Resampling.BICUBIC))[0]
    np.testing.assert_allclose((bicubic_matrix(64, 16) @ row)[2:-2], theirs[2:-2], atol=1e-5)


def test_bicubic_larger_is_torchs_away_from_the_edge():
    """Torch's cubic has a = -3/4 but for antialiased ones, which have -1/2."""
    row = torch.rand(1, 1, 1, 16, generator=torch.Generator().manual_seed(0))
    theirs = torch.nn.functional.interpolate(row, (1, 32), mode="bicubic", antialias=True)[0, 0, 0]
    ours = torch.from_numpy(bicubic_matrix(16, 32)).float() @ row[0, 0, 0]
    torch.testing.assert_close(ours[4:-4], theirs[4:-4], atol=1e-5, rtol=0)
