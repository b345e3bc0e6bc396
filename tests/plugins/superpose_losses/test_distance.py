"""Distances from an image, or from what was observed of one."""

import torch
from PIL import Image

from superpose import make


def test_a_distance_is_that_of_what_is_looked_at(picture, pixels):
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    far = torch.linalg.vector_norm(x - pixels, dim=(1, 2, 3))
    torch.testing.assert_close(make("loss", "distance", image=picture).bound_to((3, 32, 32)).of(x), far)
    square = make("loss", "distance", image=picture, square=True).bound_to((3, 32, 32))
    torch.testing.assert_close(square.of(x), far**2 / 2)
    small = make("operator", "block-average", factor=2)
    seen = make("loss", "distance", image=picture, operator=small).bound_to((3, 64, 64))
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    off = torch.nn.functional.avg_pool2d(x, 2) - pixels
    torch.testing.assert_close(seen.of(x), torch.linalg.vector_norm(off, dim=(1, 2, 3)))


def test_what_no_image_can_explain_counts_for_nothing(picture, pixels):
    """A mask sees half: what the file holds beyond it is no part of what is wanted."""
    half = picture.with_name("mask.png")
    seen = torch.zeros(32, 32, dtype=torch.bool)
    seen[:, 16:] = True
    Image.fromarray((~seen).numpy()).save(half)
    loss = make("loss", "distance", image=picture, operator=make("operator", "mask", mask=half)).bound_to((3, 32, 32))
    x = pixels.clone()
    x[..., :16] += 1
    kept, moved = loss.of(torch.cat((pixels, x)))
    other = loss.of(x.roll(16, -1))
    assert min(kept, moved) < 1e-5 < other
