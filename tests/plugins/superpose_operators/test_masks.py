"""Places that are seen: from a file, where it is black, and at random."""

import numpy as np
import pytest
import torch
from PIL import Image

from observing import IMAGE, observed
from problems import told
from superpose import make


def mask(folder, pixels):
    Image.fromarray(np.array(pixels, np.uint8)).save(folder / "mask.png")
    return make("operator", "mask", mask=folder / "mask.png")


def test_black_is_seen_and_white_is_not(tmp_path):
    pixels = np.zeros((16, 16))
    pixels[3:, 5:] = 255
    got = mask(tmp_path, pixels).bound_to((3, 16, 16)).apply(IMAGE)
    assert torch.equal(got, IMAGE.masked_fill(torch.from_numpy(pixels) > 0, 0))


@pytest.mark.parametrize(
    ("pixels", "why"),
    [
        (np.full((4, 4), 255), "this mask is white throughout: make black what is observed"),
        (np.zeros((4, 4)), "nowhere lighter than 0 of 255"),
        (np.eye(3) * 255, "3x3"),
    ],
)
def test_a_mask_that_says_nothing_or_has_another_size_is_refused(tmp_path, pixels, why):
    problem = told(mask(tmp_path, pixels), (3, 4, 4))
    assert problem.startswith(f"{tmp_path / 'mask.png'}: ")
    assert why in problem


def test_a_random_mask_keeps_its_share():
    seen = observed("random-mask", torch.ones(1, 3, 20, 20), share=0.2)
    assert seen.sum((2, 3)).tolist() == [[80, 80, 80]]
    assert torch.equal(seen, observed("random-mask", torch.ones(1, 3, 20, 20), share=0.2))
    assert not torch.equal(seen, observed("random-mask", torch.ones(1, 3, 20, 20), share=0.2, seed=1))


@pytest.mark.parametrize(("share", "count"), [(1.0, 15), (0.5, 8), (1e-6, 1)])
def test_at_least_one_pixel_is_seen(share, count):
    assert observed("random-mask", torch.ones(1, 1, 3, 5), share=share).sum() == count
