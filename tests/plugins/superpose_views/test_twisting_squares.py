"""Squares that twist: Diffusion Illusions' recorded arrangement."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from problems import told
from superpose import make
from superpose.testing import check_view

FOLDER = Path(__file__).parents[2] / "fixtures" / "di_a_arrangements"
GIVEN, WANT = load_file(FOLDER / "inputs.safetensors"), load_file(FOLDER / "outputs.safetensors")


@pytest.mark.parametrize("squares", [2, 4])
def test_the_recorded_arrangement_and_its_slope(squares):
    view, x = make("view", "twisting-squares", squares=squares), GIVEN["a"][None].clone().requires_grad_()
    shown = view.apply(x)
    torch.testing.assert_close(shown[0], WANT[f"twisting_{squares}"], atol=2e-5, rtol=1e-4)
    [slope] = torch.autograd.grad((shown * GIVEN["weights"][0]).sum(), x)
    torch.testing.assert_close(slope[0], WANT[f"grad_twisting_{squares}"], atol=2e-5, rtol=1e-4)


def test_the_recorded_flip_is_half_a_turn():
    turned = make("view", "rotate", degrees=180).apply(GIVEN["a"][None])
    torch.testing.assert_close(turned[0], WANT["flippy"], atol=2e-5, rtol=1e-4)


def test_the_laws_and_the_pieces():
    view = make("view", "twisting-squares", squares=2)
    check_view(view, 3, 16, 16)
    check_view(view, 1, 8, 16)
    assert len(set(view.cut(16, 16).flatten())) == 4
    assert torch.equal(
        make("view", "twisting-squares", squares=1).apply(torch.eye(3)[None, None])[0, 0], torch.eye(3).rot90()
    )


def test_squares_must_be_whole():
    assert "are not 4 rows of whole squares" in told(make("view", "twisting-squares"), (3, 33, 33))
    assert "are not 2 rows of whole squares" in told(make("view", "twisting-squares", squares=2), (3, 8, 6))
