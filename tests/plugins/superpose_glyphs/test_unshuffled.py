"""Networks that see squares of pixels as channels."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from superpose_glyphs.unshuffled import config, see
from superpose_networks import UNet2D, UNet2DConfig


class Echo(nn.Module):
    """Says what it is shown, and keeps it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.config = SimpleNamespace(in_channels=channels)

    def forward(self, x: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        self.seen = x, t, labels
        return x * t.view(-1, 1, 1, 1)


@pytest.mark.parametrize("side", [1, 2, 4])
def test_squares_are_channels_and_back(side: int) -> None:
    echo: Any = Echo(3 * side**2)
    x = torch.arange(2 * 3 * 64.0).view(2, 3, 8, 8)
    t, labels = torch.tensor([2.0, 3.0]), torch.tensor([1, 0])
    assert torch.equal(see(echo, x, t, labels), x * t.view(2, 1, 1, 1))
    seen, *rest = echo.seen
    assert seen.shape == (2, 3 * side**2, 8 // side, 8 // side)
    # The channels of a colour are its pixels in a square, row by row.
    for colour in range(3):
        square = seen[0, colour * side**2 : (colour + 1) * side**2, 0, 0].view(side, side)
        assert torch.equal(square, x[0, colour, :side, :side])
    assert rest[0] is t
    assert rest[1] is labels


def test_a_configuration_is_one_of_a_network() -> None:
    network = UNet2D(UNet2DConfig.from_mapping(config(8, 12, (8, 16)) | {"num_class_embeds": 3}))
    answer = see(network, torch.randn(2, 3, 16, 16), torch.tensor([5, 6]), torch.tensor([0, 2]))
    assert answer.shape == (2, 3, 16, 16)
    assert not [name for name, _ in network.named_parameters() if "attention" in name or name.startswith("mid_block")]
