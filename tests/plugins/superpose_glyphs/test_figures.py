"""The yardsticks of the embedded models, each on something whose length is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from superpose import Condition, Conditioning, NoiseLevel, NoisePredictor, Prediction, StepNoise, TableSchedule
from superpose_glyphs.judge import codes
from superpose_glyphs.judge.enlarged import nearness
from superpose_glyphs.judge.words import INKS, kept, words
from superpose_glyphs.phrases import COLOURS
from superpose_glyphs.train.batches import Images
from superpose_glyphs.vocabulary import GLYPHS


def some_images(side: int = 32, count: int = 24) -> Images:
    rng = np.random.default_rng(0)
    pixels = np.kron(rng.integers(0, 2, (count, side // 8, side // 8)), np.ones((8, 8))) * 255
    fonts = np.array([("Carlito-Bold.ttf", "Carlito.ttf")[i % 2] for i in range(count)])
    return Images(pixels.astype(np.uint8), np.arange(count) % len(GLYPHS), sources=fonts)


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


class Bicubic(NoisePredictor):
    """An upscaler that knows one large image of every small one."""

    parameterization = "sample"

    def __init__(self) -> None:
        self.schedule, self.shape, self.device, self.dtype = (
            TableSchedule.named("cosine"), (3, 64, 64), torch.device("cpu"), torch.float32
        )  # fmt: skip
        self.clip = None

    def condition(self, prompt: str) -> Condition:
        return Condition(prompt, {})

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        assert low is not None
        return Conditioning(nn.functional.interpolate(low, scale_factor=2, mode="bicubic", align_corners=False))

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        return Prediction(x[:, 3:])


def test_nearness_of_what_is_bicubic_itself() -> None:
    found = nearness(Bicubic(), some_images(64), steps=3, count=8)
    assert found["one step"] == pytest.approx(found["bicubic"], abs=1e-3)
    assert found["3 steps"] == pytest.approx(found["bicubic"], abs=1e-3)


@pytest.mark.parametrize("degrees", [-20, 0, 15])
def test_slant_of_a_leaning_bar(degrees: float) -> None:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    share = ((x - 32 + (y - 32) * math.tan(math.radians(degrees))).abs() < 4) & ((y - 32).abs() < 24)
    found = codes.slant(share[None, None].float())
    assert math.degrees(math.atan(float(found))) == pytest.approx(degrees, abs=1)


def test_figures_of_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = some_images(count=60)
    np.savez(
        tmp_path / "data.npz",
        images=images.pixels,
        labels=images.labels.astype(np.uint8),
        fonts=np.arange(60, dtype=np.uint16),
        classes=np.array(list(GLYPHS)),
        font_names=np.array([f"{GLYPHS[i] * 5}{'-Bold' * (i % 2)}{'-Italic' * (i % 3 == 0)}.ttf" for i in range(60)]),
    )
    codes.main(["--data", str(tmp_path / "data.npz"), "--each", "2", "--steps", "2", "--strength", "0.1"])
    said = capsys.readouterr().out
    for line in ("to noise: mean square error", "bold: its own line", "italic: a line fitted", "bold +0.10", "degrees"):
        assert line in said, said
