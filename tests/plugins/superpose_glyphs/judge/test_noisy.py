"""Reading through noise, by a reader whose answers are known."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from superpose_glyphs.judge.noisy import read_through_noise
from superpose_glyphs.train.plan import LEVELS


class Lighter(nn.Module):
    """Reads images as light or dark, and notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[int] = []

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        self.times.append(int(t))
        grey = x.mean((1, 2, 3))
        return torch.stack((-grey, grey), 1)


def test_clean_images_are_read_as_they_are_and_noise_hides_them() -> None:
    images = torch.cat((torch.full((300, 3, 8, 8), -0.02), torch.full((300, 3, 8, 8), 0.02)))
    told, reader = torch.arange(600) // 300, Lighter()
    right = {t: float((read == told).float().mean()) for t, read in read_through_noise(reader, images)}  # type: ignore[arg-type]
    assert list(right) == [0, *range(100, LEVELS, 200)]
    assert reader.times == [t for t in right for _ in range(3)], "in parts of 250, each at its level"
    assert right[0] == 1
    assert right[900] < 0.6 < right[100] < 1


def test_the_noise_is_the_same_again() -> None:
    images = torch.zeros(64, 3, 8, 8)
    one, again = (torch.stack([read for _, read in read_through_noise(Lighter(), images)]) for _ in range(2))  # type: ignore[arg-type]
    assert torch.equal(one, again)
    assert 0 < one[1:].float().mean() < 1
