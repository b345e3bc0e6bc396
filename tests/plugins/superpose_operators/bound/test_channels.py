"""Mixed channels: the matrix of every pixel by itself."""

import numpy as np
import pytest
import torch

from observing import IMAGE, assert_numpy_agrees
from superpose_operators.bound.channels import Channels, mixed

WIDE = ((0.3, 0.5, 0.2), (0.1, -0.7, 0.4))
DEGENERATE = ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (0.0, 1.0, -1.0))
TALL = ((1.0,), (0.5,), (-2.0,))


@pytest.mark.parametrize("rows", [WIDE, DEGENERATE, TALL, ((0.2, 0.3, 0.5),)], ids=len)
def test_each_pixel_has_the_inverses_of_numpy(rows):
    bound = Channels((len(rows[0]), 2, 3), torch.tensor(rows, dtype=torch.float64))
    assert bound.observed_shape == (len(rows), 2, 3)
    assert_numpy_agrees(bound)


def test_channels_are_mixed_as_einsum_mixes_them():
    matrix = torch.tensor(WIDE, dtype=torch.float64)
    want = np.einsum("kc,nchw->nkhw", matrix.numpy(), IMAGE.numpy())
    np.testing.assert_allclose(mixed(IMAGE, matrix), want, atol=1e-14)


def test_an_image_has_the_same_bits_in_any_company():
    images = torch.randn(5, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    matrix = torch.tensor(WIDE, dtype=torch.float64)
    assert torch.equal(mixed(images, matrix)[3:4], mixed(images[3:4], matrix))
