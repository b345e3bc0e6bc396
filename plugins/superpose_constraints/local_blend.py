"""LocalBlend of Prompt-to-Prompt: the image changes where its words are looked at (arXiv 2208.01626, sec. 3.2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import interpolate, max_pool2d

from superpose import places_of_size
from superpose_constraints.attention_edit import Kept, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from superpose import NoisePredictor, StepInfo

#: Places of the maps that masks are made of, at most: the original has those of 16 x 16.
FINEST = 16**2


def word_maps(told: Told, samples: int, source: Kept, edited: Kept, predictor: NoisePredictor) -> Tensor | None:
    """Maps of the named words: the mean over heads and layers of their sum of probabilities.

    Returns:
        Shape (samples, 4, h, w): of the words where the image may change, of the source and the sample, and of those
        where it may not; None where nothing was kept.
    """
    sites = _finest(source)
    if not sites:
        return None
    found = []
    for fixed in (False, True):
        for which, kept in enumerate((source, edited)):
            marked = told.marked(which, fixed)
            rows = [_mean(kept, sites, sample, marked) for sample in range(samples)]
            found.append(torch.stack(rows))
    maps = torch.stack(found, 1)
    grid = places_of_size(predictor.shape[1:], maps.shape[2])
    if grid is None:
        side = math.isqrt(maps.shape[2])
        grid = side, side
    apart: Tensor = maps.unflatten(2, grid)
    return apart


def changing(told: Told, maps: Tensor, step: StepInfo, size: Sequence[int]) -> Tensor | None:
    """1 where the image may change, shape (samples, 1, H, W); None before it is kept elsewhere."""
    if step.index + 1 <= math.floor(told.settings.local_start * step.total + 1e-9):
        return None
    pooled = max_pool2d(maps[:, :2], 3, 1, padding=1)
    mask = _over(pooled, size, told.settings.thresholds[0]).any(1, keepdim=True)
    if told.settings.without:
        mask = mask & ~_over(maps[:, 2:], size, told.settings.thresholds[1]).any(1, keepdim=True)
    return mask.to(maps.dtype)


def _finest(kept: Kept) -> list[tuple[int, str]]:
    """The sites whose maps have the most places, of those that have no more than `FINEST`; else the fewest."""
    count = {(number, name): one.shape[1] for (number, name, _), one in kept.items() if one.shape[2] != one.shape[1]}
    fine = [places for places in count.values() if places <= FINEST]
    best = max(fine) if fine else min(count.values(), default=0)
    return [site for site, places in count.items() if places == best]


def _mean(kept: Kept, sites: Sequence[tuple[int, str]], sample: int, marked: Sequence[int]) -> Tensor:
    every = [kept[number, name, sample][..., list(marked)].sum(-1) for number, name in sites]
    return torch.cat(every).mean(0)


def _over(maps: Tensor, size: Sequence[int], threshold: float) -> Tensor:
    large = interpolate(maps, tuple(size))
    return large / large.amax((2, 3), keepdim=True).clamp(min=1e-12) > threshold
