"""A picture that losses are told of."""

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture
def picture(tmp_path):
    """A PNG file of 32 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.fixture
def pixels(picture):
    """The same as a tensor, shape (1, 3, 32, 32)."""
    return torch.from_numpy(np.array(Image.open(picture))).permute(2, 0, 1)[None] / 127.5 - 1
