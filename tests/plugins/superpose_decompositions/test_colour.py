"""Grey and colour: two projections that share nothing, and images without colours refused."""

import numpy as np
import pytest
import torch

from problems import told
from superpose import make


def test_colour_needs_colours():
    assert "only one: use a model of colour images" in told(make("decomposition", "colour"), (1, 8, 8))
    assert not told(make("decomposition", "colour"), (3, 8, 8))


def test_colour_parts_are_projections():
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    colour = make("decomposition", "colour")
    for name in colour.names:
        part = colour.part(name)
        torch.testing.assert_close(part(part(x)), part(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_parts_share_nothing_and_are_the_whole(channels):
    x = torch.randn(2, channels, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    grey, colours = make("decomposition", "colour").split(x)
    torch.testing.assert_close(grey + colours, x)
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    assert float(colours.sum(1).abs().max()) < 1e-12
    assert float((grey * colours).sum((1, 2, 3)).abs().max()) < 1e-12


def test_a_part_of_a_picture_is_that_of_the_image():
    x = torch.randn(1, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    colour = make("decomposition", "colour")
    for name in colour.names:
        np.testing.assert_allclose(colour.shown(x[0].numpy(), name), colour.part(name)(x)[0].numpy(), atol=1e-12)
