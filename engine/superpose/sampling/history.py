"""History of a multistep method: estimates at the noisier levels before, newest first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from superpose.levels.noise_level import NoiseLevel

if TYPE_CHECKING:
    from torch import Tensor

#: Estimates of the steps before: the level, and what was said there (the clean image, or the noise; (N, C, H, W)).
History = tuple[tuple[NoiseLevel, "Tensor"], ...]


#: Noise over signal above which float32 holds no image: epsilon is known to 1e-7, and the image to 1e-7 times this.
DROWNED = 1e3


def remembered(level: NoiseLevel, estimated: Tensor, past: History, count: int) -> History:
    """The history with one estimate more, of at most ``count``.

    Pure noise is not remembered: it is infinitely far away on every axis that these methods interpolate on.
    """
    return ((level, estimated), *past)[:count] if level.alpha > 0 else ()


def levels_of(past: History) -> tuple[NoiseLevel, ...]:
    """The levels of a history."""
    return tuple([level for level, _ in past])


def apart(here: NoiseLevel, there: NoiseLevel) -> float:
    r"""The step :math:`h = \lambda_s - \lambda_t` in the log signal-to-noise ratio; infinite at either end of it."""
    return there.log_snr - here.log_snr if here.alpha > 0 else math.inf
