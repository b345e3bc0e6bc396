"""Figures of ``glyphs-cascade``: how near real small glyphs come to the large ones that they were made of.

``python -m superpose_glyphs.judge enlarged --data glyphs64.npz --state FOLDER`` prints them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from superpose import NoisePredictor, make, prompted, sample
from superpose_glyphs.train.batches import Images


def nearness(predictor: NoisePredictor, images: Images, steps: int, count: int = 256) -> dict[str, float]:
    """Peak signal to noise, in dB, of images enlarged in several ways: of the mean square error over all of them.

    Arguments:
        predictor: The upscaler.
        images: Of its size; half of what is taken of them is black on white, half in colour.
        steps: Of DDIM, where more than one is taken. One step gives the mean of all large images that fit.
        count: How many images.
    """
    rng = np.random.default_rng(0)
    painted, _ = images.painted(rng.choice(len(images.pixels), count, replace=False), rng)
    large = torch.from_numpy(painted)
    small = nn.functional.avg_pool2d(large, 2)

    def drawn(steps: int) -> Tensor:
        scheduler = make("scheduler", "ddim", steps=steps)
        return sample(prompted(predictor, ""), scheduler, predictor, samples=count, batch_size=16, low=small)

    bicubic = nn.functional.interpolate(small, scale_factor=2, mode="bicubic", align_corners=False)
    ways = {"bicubic": bicubic, "one step": drawn(1), f"{steps} steps": drawn(steps)}
    errors = {way: nn.functional.mse_loss(image.clamp(-1, 1), large) for way, image in ways.items()}
    return {way: 10 * math.log10(4 / float(error)) for way, error in errors.items()}
