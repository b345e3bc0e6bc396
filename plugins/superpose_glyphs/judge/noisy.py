"""What a noisy classifier reads, at some noise levels."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from superpose_glyphs.reader import Reader
from superpose_glyphs.train.plan import ALPHA, LEVELS, SIGMA
from superpose_glyphs.vision import VisionReader


def read_through_noise(reader: Reader | VisionReader, images: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Each noise level with the classes that images (N, 3, H, W) are read as there, shape (N,)."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    for t in (0, *range(100, LEVELS, 200)):
        seen = images if t == 0 else ALPHA[t] * images + SIGMA[t] * noise
        with torch.inference_mode():
            yield t, torch.cat([reader(part, torch.tensor(t)).argmax(1) for part in seen.split(250)])
