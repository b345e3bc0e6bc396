"""Images made smaller as MATLAB, DPS and ILVR make them, and by blocks."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from observing import IMAGE, observed
from problems import told
from superpose import bicubic_matrix, make

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


@pytest.mark.parametrize("kind", ["block-average", "bicubic", "subsample"])
def test_a_size_that_is_not_divided_is_refused_with_factors_that_divide_it(kind):
    assert told(make("operator", kind, factor=5), (3, 18, 12)) == (
        f"{kind} by 5 needs a size that 5 divides, not 18x12: write one of 2, 3, 6"
    )
    for factor in (2, 3, 6):
        assert not told(make("operator", kind, factor=factor), (3, 18, 12))
        assert observed(kind, torch.zeros(1, 3, 18, 12), factor=factor).shape == (1, 3, 18 // factor, 12 // factor)
    assert told(make("operator", kind), (3, 7, 12)) == f"{kind} by 4 needs a size that 4 divides, not 7x12"
