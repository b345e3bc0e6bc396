"""Images made smaller as MATLAB, DPS and ILVR make them, and by blocks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from observing import IMAGE, observed
from problems import told
from superpose import make
from superpose import bicubic_matrix

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_bicubic_is_the_resizer_of_dps_and_ilvr():
    dps, ilvr = (load_file(FIXTURES / name / "inputs.safetensors") for name in ("dp_a_dps", "il_a_ilvr"))
    for run, factor in (("sr4", 4), ("sr2_mcg", 2)):
        want = dps[f"{run}/resizer_matrix"]
        torch.testing.assert_close(torch.from_numpy(bicubic_matrix(16, 16 // factor)).float(), want, atol=1e-6, rtol=0)
    made = load_file(FIXTURES / "il_a_ilvr" / "outputs.safetensors")
    for factor in (2, 4):
        small = observed("bicubic", ilvr["ref_img"], factor=factor)
        torch.testing.assert_close(small, made[f"resize/down_{factor}"], atol=2e-5, rtol=1e-4)
        up = torch.from_numpy(bicubic_matrix(16 // factor, 16)).float()
        torch.testing.assert_close(up @ small @ up.T, made[f"resize/up_{factor}"], atol=2e-5, rtol=1e-4)


def test_block_averages_and_samples():
    torch.testing.assert_close(observed("block-average", factor=4), torch.nn.functional.avg_pool2d(IMAGE, 4))
    torch.testing.assert_close(observed("subsample", factor=4), IMAGE[..., ::4, ::4])


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
    row = IMAGE[:, :1, :1].float()
    theirs = torch.nn.functional.interpolate(row, (1, 32), mode="bicubic", antialias=True)[0, 0, 0]
    ours = torch.from_numpy(bicubic_matrix(16, 32)).float() @ row[0, 0, 0]
    torch.testing.assert_close(ours[4:-4], theirs[4:-4], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["block-average", "bicubic", "subsample"])
def test_a_size_that_is_not_divided_is_refused_with_factors_that_divide_it(kind):
    assert told(make("operator", kind, factor=5), (3, 18, 12)) == (
        f"{kind} by 5 needs a size that 5 divides, not 18x12: write one of 2, 3, 6"
    )
    for factor in (2, 3, 6):
        assert not told(make("operator", kind, factor=factor), (3, 18, 12))
        assert observed(kind, torch.zeros(1, 3, 18, 12), factor=factor).shape == (1, 3, 18 // factor, 12 // factor)
    assert told(make("operator", kind), (3, 7, 12)) == f"{kind} by 4 needs a size that 4 divides, not 7x12"
