"""What a multistep method remembers: what was said at the noisier levels before, newest first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from superpose.levels.noise_level import Moment

if TYPE_CHECKING:
    from torch import Tensor

#: Estimates of the steps before: the level, and what was said there (the clean image, or the noise; (N, C, H, W)).
History = tuple[tuple[Moment, "Tensor"], ...]


#: Noise over signal above which float32 holds no image: epsilon is known to 1e-7, and the image to 1e-7 times this.
DROWNED = 1e3


def remembered(moment: Moment, said: Tensor, past: History, count: int) -> History:
    """The history with one estimate more, of at most ``count``.

    Pure noise is not remembered: it is infinitely far away on every axis that these methods interpolate on.
    """
    return ((moment, said), *past)[:count] if moment.alpha > 0 else ()


def levels_of(past: History) -> tuple[Moment, ...]:
    """The levels of a history."""
    return tuple([moment for moment, _ in past])


def apart(here: Moment, there: Moment) -> float:
    r"""The step :math:`h = \lambda_s - \lambda_t` in the log signal-to-noise ratio; infinite at either end of it."""
    return there.log_snr - here.log_snr if here.alpha > 0 else math.inf
