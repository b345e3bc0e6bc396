"""Images moved, turned, resized and mirrored, so that what they show may stand elsewhere: illusions need that room."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Array = npt.NDArray[Any]


@attrs.frozen
class Freedom:
    """Freedom of an image to differ from how it was drawn.

    Attributes:
        turn: Degrees, either way.
        smallest, largest: Sizes.
        shift: Share of a side, either way along both axes.
        mirror: Whether half of the images are mirrored.
        extent: Share of a side that is inked before it is moved: shifts are smaller where ink would leave the image.
    """

    turn: float = 10.0
    smallest: float = 0.85
    largest: float = 1.1
    shift: float = 0.06
    mirror: bool = True
    extent: float = 0.0

    def moved(self, coverage: Array, rng: np.random.Generator) -> Array:
        """Images moved at random, each in its own way.

        Arguments:
            coverage: Ink (n, H, W) uint8, beyond which is none; or colours (n, H, W, 3), whose edge goes on beyond.
            rng: What draws how.
        """
        count = len(coverage)
        angle = np.deg2rad(rng.uniform(-self.turn, self.turn, count))
        size = np.exp(rng.uniform(np.log(self.smallest), np.log(self.largest), count))
        room = (1 - size * self.extent).clip(0) / 2
        place = rng.uniform(-1, 1, (count, 2)) * 2 * np.minimum(self.shift, room)[:, None]
        mirror = np.where(rng.random(count) < 0.5 * self.mirror, -1.0, 1.0)
        cos, sin = np.cos(angle) / size, np.sin(angle) / size
        # Of each place of the answer, where it was: a row for x and one for y, in units of half a side.
        maps = np.stack((np.stack((mirror * cos, mirror * sin), 1), np.stack((-sin, cos), 1)), 1)
        offset = -np.einsum("nij,nj->ni", maps, place)
        theta = torch.from_numpy(np.concatenate((maps, offset[:, :, None]), 2)).float()
        planes = coverage[:, None] if coverage.ndim == 3 else coverage.transpose(0, 3, 1, 2)
        still = torch.from_numpy(np.ascontiguousarray(planes)).float()
        grid = nn.functional.affine_grid(theta, list(still.shape), align_corners=False)
        beyond = "zeros" if coverage.ndim == 3 else "border"
        found = nn.functional.grid_sample(still, grid, padding_mode=beyond, align_corners=False)
        moved: Array = found.round().to(torch.uint8).numpy()
        return moved[:, 0] if coverage.ndim == 3 else moved.transpose(0, 2, 3, 1)
