"""A row of a network's answer depends, bit for bit, on that row of the question alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from superpose_networks import UNet2D, UNet2DConfig, load_unet2d

GLYPHS = Path(__file__).parents[3] / "plugins" / "superpose_glyphs" / "weights" / "glyphs"

ODD: dict[str, Any] = {
    "in_channels": 3,
    "block_out_channels": [6, 9],
    "norm_num_groups": 3,
    "layers_per_block": 1,
    "down_block_types": ["AttnDownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "ResnetUpsampleBlock2D"],
    "resnet_time_scale_shift": "scale_shift",
    "attention_head_dim": 3,
    "num_class_embeds": 125,
}


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Libraries share rows between threads, so the law is asked of several counts."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def odd_network(memory_format: torch.memory_format) -> UNet2D:
    torch.manual_seed(0)
    network = UNet2D(UNet2DConfig.from_mapping(ODD)).requires_grad_(requires_grad=False)
    converted: UNet2D = network.to(memory_format=memory_format)  # type: ignore[call-overload]
    return converted


def answers_in_every_place(network: UNet2D, count: int, side: int) -> list[Tensor]:
    """The answer to one question, asked as row 0, 1, ... of ``count`` rows, each time among other rows."""
    generator = torch.Generator().manual_seed(1)
    channels = network.config.in_channels
    image = torch.randn(channels, side, side, generator=generator)
    answers = []
    for place in range(count):
        x = torch.randn(count, channels, side, side, generator=generator)
        t, labels = torch.randint(0, 1000, (count,), generator=generator), torch.arange(count) * 7
        x[place], t[place], labels[place] = image, 300, 62
        with torch.inference_mode():
            answers.append(network(x, t, labels)[place])
    return answers


@pytest.mark.parametrize("count", [3, 4, 8])
def test_glyph_network(count: int, threads: int) -> None:
    first, *others = answers_in_every_place(load_unet2d(GLYPHS), count, 16)
    moved = [place for place, answer in enumerate(others, 1) if not torch.equal(answer, first)]
    assert not moved, f"with {threads} threads the answer of {count} rows changes in rows {moved}"


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("side", [2, 34])
def test_odd_channels(side: int, memory_format: torch.memory_format, count: int, threads: int) -> None:
    first, *others = answers_in_every_place(odd_network(memory_format), count, side)
    moved = [place for place, answer in enumerate(others, 1) if not torch.equal(answer, first)]
    assert not moved, f"with {threads} threads the answer of {count} rows changes in rows {moved}"


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch's own convolutions mix rows")
def test_convolutions(threads: int) -> None:
    """What `superpose_networks.rows` leaves to the library, in the memory that networks have."""
    generator = torch.Generator().manual_seed(threads)

    def one_of(*numbers: int) -> int:
        return numbers[int(torch.randint(len(numbers), (), generator=generator))]

    for _ in range(150):
        read, written = one_of(1, 3, 4, 6, 9, 16, 24, 48), one_of(3, 4, 9, 16, 20, 32, 48)
        count, side, stride = one_of(2, 3, 4, 5, 8), one_of(2, 4, 7, 8, 16, 17, 34), one_of(1, 1, 2)
        layer = torch.nn.Conv2d(read, written, 3, stride, padding=1)
        layer = layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        image, answers = torch.randn(read, side, side, generator=generator), []
        for place in range(count):
            x = torch.randn(count, read, side, side, generator=generator)
            x[place] = image
            with torch.inference_mode():
                answers.append(layer(x)[place])
        moved = [place for place, answer in enumerate(answers) if not torch.equal(answer, answers[0])]
        assert not moved, f"{layer} moves rows {moved} of {count} of side {side} with {threads} threads"


def test_one_time_for_all_rows_is_each_rows_time() -> None:
    network = load_unet2d(GLYPHS)
    x, labels = torch.randn(3, 12, 16, 16), torch.tensor([1, 2, 124])
    with torch.inference_mode():
        torch.testing.assert_close(network(x, torch.tensor(7.0), labels), network(x, torch.full((3,), 7.0), labels))
