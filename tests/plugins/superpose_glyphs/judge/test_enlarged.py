"""Nearness of enlarged images, by an upscaler whose answer is known."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from made_glyphs import some_images
from superpose import Condition, Conditioning, NoiseLevel, NoisePredictor, Prediction, StepNoise, TableSchedule
from superpose_glyphs.judge.enlarged import nearness


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


def test_bicubic_is_as_near_as_it_is() -> None:
    """In decibels of the range of 2, of the images that are drawn at random."""
    images = some_images(64)
    rng = np.random.default_rng(0)
    large = torch.from_numpy(images.painted(rng.choice(24, 8, replace=False), rng)[0])
    again = nn.functional.interpolate(nn.functional.avg_pool2d(large, 2), scale_factor=2, mode="bicubic")
    want = 10 * math.log10(4 / float((again.clamp(-1, 1) - large).square().mean()))
    assert nearness(Bicubic(), images, steps=2, count=8)["bicubic"] == pytest.approx(want, abs=1e-4)
