"""What words do, on images that do just that; and how well a stage keeps an image."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from made_glyphs import some_images
from superpose_glyphs.judge.words import INKS, called, inked, kept, words
from superpose_glyphs.phrases import COLOURS


def painted(phrase: str) -> Tensor:
    """A bar whose width is the weight, in the ink of the phrase."""
    width = 12 if "bold" in phrase else 4 if "light" in phrase else 8
    ink = next((value for name, value in COLOURS.items() if f"in {name}" in phrase), (0.0, 0.0, 0.0))
    image = torch.ones(1, 3, 32, 32)
    image[:, :, 4:28, 16 - width // 2 : 16 + width // 2] = 2 * torch.tensor(ink)[:, None, None] - 1
    return image


def test_words_that_do_what_they_say() -> None:
    shares = words(painted)
    assert [shares[name] for name in ("bold", "light", *INKS)] == [1.0] * 6
    assert shares["apart"] < 0.01


def test_words_that_do_nothing() -> None:
    shares = words(lambda _: painted("bold A in red"))
    assert [shares[name] for name in ("bold", "light", *INKS)] == [0, 0, 1, 0, 0, 0]


class Shifting:
    """A first stage that makes everything a little darker."""

    def encode(self, images: Tensor) -> Tensor:
        return images

    def decode(self, latents: Tensor) -> Tensor:
        return torch.where(latents > 0, latents - 0.1, latents + 0.1)


def test_kept_is_a_peak_signal_to_noise_ratio() -> None:
    stage: Any = Shifting()
    assert kept(stage, some_images(), count=20) == pytest.approx(10 * math.log10(4 / 0.01), abs=0.02)


@pytest.mark.parametrize(("ink", "paper"), [((-1, -1, -1), (1, 1, 1)), ((0.8, -0.6, 0.1), (-0.9, 0.2, -0.3))])
def test_ink_is_told_from_paper_in_any_colours(ink: tuple[float, ...], paper: tuple[float, ...]) -> None:
    coverage = torch.zeros(1, 1, 32, 32)
    coverage[..., 8:24, 10:22], coverage[..., 12:14, 10:22] = 1, 0.4
    dark, light = (torch.tensor(one, dtype=torch.float32)[None, :, None, None] for one in (ink, paper))
    share, colour = inked(light + coverage * (dark - light))
    torch.testing.assert_close(share, coverage, atol=1e-4, rtol=0)
    torch.testing.assert_close(colour[0], torch.tensor(ink, dtype=torch.float32), atol=1e-5, rtol=0)


def test_a_colour_is_called_by_the_nearest_name() -> None:
    centres = 2 * torch.tensor([*COLOURS.values()]) - 1
    assert called(centres) == list(COLOURS)
    assert called(0.9 * centres + 0.02) == list(COLOURS)
