"""OpenAI's U-Net: its blocks, its classes, and the pictures that lie beside an upscaler's."""

from __future__ import annotations

import attrs
import pytest
import torch

from superpose_adm.layout import Heads, Layout
from superpose_adm.network import ADM, ADMBlocks, enlarged

LAYOUT = Layout(
    channels=32, widths=(32, 64), blocks=1, attention=frozenset({1}), in_channels=3, out_channels=6, classes=5,
    scale_shift=True, residual=True,
)  # fmt: skip


def made(layout: Layout = LAYOUT) -> ADM:
    torch.manual_seed(0)
    network = ADM(layout, Heads(width=16)).eval().requires_grad_(requires_grad=False)
    for parameter in network.parameters():
        parameter.normal_(std=0.1)
    return network


def test_a_class_is_one_more_vector_beside_the_time() -> None:
    network, x, t = made(), torch.randn(2, 3, 8, 8), torch.tensor([3.0, 900.5])
    assert network.class_embedding is not None
    labels = torch.tensor([4, 1])
    said = network(x, t, labels)
    assert said.shape == (2, 6, 8, 8)
    assert not torch.allclose(network(x, t, labels.flip(0)), said, atol=1e-4)
    # A network without classes that has the vector in the bias of its time is the same.
    plain = made(attrs.evolve(LAYOUT, classes=None))
    plain.load_state_dict({name: one for name, one in network.state_dict().items() if "class_emb" not in name})
    plain.time_embedding.linear_2.bias += network.class_embedding.weight[4]
    torch.testing.assert_close(plain(x[:1], t[:1]), said[:1], atol=1e-4, rtol=1e-4)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    network, x, t, labels = made(), torch.randn(3, 3, 8, 8), torch.tensor([3, 500, 900]), torch.tensor([0, 4, 2])
    want = network(x, t, labels)
    for order in ([2, 0, 1], [1, 1, 0]):
        assert torch.equal(network(x[order], t[order], labels[order]), want[order]), order


def test_attention_stands_at_its_levels_and_always_in_the_middle() -> None:
    """Levels of the way up are counted from the bottom."""
    blocks = ADMBlocks(attrs.evolve(LAYOUT, widths=(32, 64, 96), attention=frozenset({2})), Heads(width=16))
    assert [blocks.attention(level, "down") is not None for level in range(3)] == [False, False, True]
    assert [blocks.attention(level, "up") is not None for level in range(3)] == [True, False, False]
    assert blocks.attention(2, "middle") is not None


@pytest.mark.parametrize("side", [2, 4, 8])
def test_a_picture_is_enlarged_as_areas_and_not_as_points(side: int) -> None:
    noise = torch.zeros(2, 3, 8, 8)
    assert enlarged(None, lambda *_: noise) is None
    low = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    laid = enlarged(low, lambda *_: noise)
    assert laid is not None
    assert laid.channels is not None
    place = ((torch.arange(8) + 0.5) * side / 8 - 0.5).clamp(0, side - 1)
    left = place.floor().long()
    right, share = (left + 1).clamp(max=side - 1), place - left
    rows = low[:, :, left] * (1 - share)[:, None] + low[:, :, right] * share[:, None]
    want = rows[..., left] * (1 - share) + rows[..., right] * share
    torch.testing.assert_close(laid.channels, want)
