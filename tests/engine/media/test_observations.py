"""Observations in files: pictures to their 8 bits, numbers as they are."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from superpose import RecipeError
from superpose.media.observations import read_observation, write_observation

OBSERVED = torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(0))


def test_numbers_come_back_as_they_were(tmp_path):
    assert write_observation(OBSERVED, tmp_path / "y.npy") == 0
    assert torch.equal(read_observation(tmp_path / "y.npy", (6, 4, 5)), OBSERVED)
    save_file({"y": OBSERVED}, tmp_path / "y.safetensors")
    assert torch.equal(read_observation(tmp_path / "y.safetensors", (6, 4, 5)), OBSERVED)
    np.save(tmp_path / "row.npy", OBSERVED.flatten().numpy())
    assert read_observation(tmp_path / "row.npy", (1, 1, 120)).shape == (1, 1, 120)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_comes_back_to_half_a_step_of_its_bits(tmp_path, channels):
    seen = OBSERVED[:channels]
    cut = write_observation(seen, tmp_path / "y.png")
    assert cut == pytest.approx(float((seen.abs() > 1).float().mean()))
    off = (read_observation(tmp_path / "y.png", (channels, 4, 5)) - seen.clamp(-1, 1)).abs().max()
    assert float(off) <= 0.5 / 127.5 + 1e-6


def test_what_is_no_observation_is_refused_with_its_shape(tmp_path):
    np.save(tmp_path / "y.npy", np.zeros((3, 4, 4)))
    with pytest.raises(RecipeError, match=r"y\.npy: has shape 3x4x4, and what the operator observes .* has 3x2x2"):
        read_observation(tmp_path / "y.npy", (3, 2, 2))
    Image.new("RGB", (5, 4)).save(tmp_path / "y.png")
    with pytest.raises(RecipeError, match=r"y\.png: is 4x5 .*, and what the operator observes of an image is 2x2"):
        read_observation(tmp_path / "y.png", (3, 2, 2))
    with pytest.raises(RecipeError, match=r"y\.png: what the operator observes, 6x4x5, is no picture: give a \.npy"):
        read_observation(tmp_path / "y.png", (6, 4, 5))
    for name, why in (("y.png", "write a .npy file: 6x4x5 is no picture"), ("y.jpg", "write a .npy file")):
        with pytest.raises(RecipeError, match=why):
            write_observation(OBSERVED, tmp_path / name)
