"""A picture enlarged: its pixels are the means of its blocks."""

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from superpose_constraints.enlarged import enlarged


def picture(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize(
    ("shape", "factor"), [((3, 8, 8), 4), ((1, 5, 7), 2), ((3, 4, 6), 3), ((3, 1, 1), 8), ((3, 6, 4), 1)]
)
def test_means_of_blocks_are_the_picture_and_nothing_leaves_the_range(shape, factor):
    small = picture(*shape)
    large = enlarged(small, (shape[1] * factor, shape[2] * factor))
    torch.testing.assert_close(avg_pool2d(large[None], factor)[0], small)
    assert float(large.abs().max()) <= 1 + 1e-12


def test_it_is_bicubic_where_there_is_room():
    """But for the mean of each block, which a bicubic enlargement of a smooth picture nearly has."""
    line = np.sin(np.arange(16) / 3) / 2
    small = torch.from_numpy(np.add.outer(line, line[::-1]) / 2)[None]
    smooth = interpolate(small[None], (64, 64), mode="bicubic", align_corners=False)[0]
    off = enlarged(small, (64, 64)) - smooth
    blocks = off.unflatten(2, (16, 4)).unflatten(1, (16, 4))  # (1, 16, 4, 16, 4)
    torch.testing.assert_close(blocks, blocks.mean((2, 4), keepdim=True).expand_as(blocks))
    assert float(off.abs().max()) < 0.02


def test_black_and_white_have_no_room_for_detail():
    small = torch.tensor([[[-1.0, 1.0], [1.0, -1.0]]])
    torch.testing.assert_close(
        enlarged(small, (8, 8)), small.repeat_interleave(4, 1).repeat_interleave(4, 2), atol=1e-5, rtol=0
    )
    grey = torch.full((3, 2, 2), 0.25)
    torch.testing.assert_close(enlarged(grey, (6, 6)), torch.full((3, 6, 6), 0.25))
