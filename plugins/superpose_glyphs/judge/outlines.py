"""Outlines of solid drawings: of a word that has few drawn ones, a reader of styles learns these."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from superpose_glyphs.train.batches import Array

#: Pixels of a line to either side of the edge that it follows.
REACH = 1.5


def hollowed(coverage: Array) -> Array:
    """The edges of ink (n, H, W) uint8 as lines, 3 pixels wide, half of them outside: what is solid becomes hollow."""
    ink = torch.from_numpy(coverage).float() / 255
    lines: Array = (255 * (_grown(ink) + _grown(1 - ink) - 1).clamp(min=0)).round().to(torch.uint8).numpy()
    return lines


def _grown(ink: Tensor) -> Tensor:
    """Ink that reaches `REACH` farther, from 0 to 1: the most of what lies in a disc around each pixel."""
    far, (height, width) = math.ceil(REACH), ink.shape[-2:]
    padded = nn.functional.pad(ink, (far,) * 4)
    grown = torch.zeros_like(ink)
    for down, right in np.ndindex(2 * far + 1, 2 * far + 1):
        share = min(1.0, REACH + 0.5 - math.hypot(down - far, right - far))
        if share > 0:
            grown = torch.maximum(grown, share * padded[:, down : down + height, right : right + width])
    return grown
