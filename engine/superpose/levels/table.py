r"""Preserved variance from a table, :math:`\alpha_t^2 = \bar\alpha_t` and :math:`\sigma_t^2 = 1 - \bar\alpha_t`.

The truth is float64 (1 - alpha-bar at time 0 is wrong by 1.7e-4 in float32); see `betas` for the named tables.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

import attrs
import numpy as np
from numpy.typing import NDArray

from superpose.levels.betas import Betas, Precision, beta_schedule
from superpose.levels.noise_level import Schedule


def _floats(table: Sequence[float] | Betas) -> tuple[float, ...]:
    return tuple(float(value) for value in table)


@attrs.frozen(cache_hash=True)
class TableSchedule(Schedule):
    r"""Preserved variance, from a table of cumulative alphas.

    Between two times the noise-to-signal ratio is linear in time, as in k-diffusion and diffusers' Euler. Where the
    table ends without signal that ratio is infinite, so on its last stretch :math:`\alpha` is linear instead: the one
    continuous choice among the two that still falls all the way to 0.

    Attributes:
        alphas_cumprod: :math:`\bar\alpha_0 > \bar\alpha_1 > \dots` within (0, 1), one for each training time; the
            last one may be 0.
    """

    alphas_cumprod: tuple[float, ...] = attrs.field(converter=_floats, repr=lambda table: f"<{len(table)} values>")

    def __attrs_post_init__(self) -> None:
        """Refuse a table that does not fall."""
        before, last = 1.0, len(self.alphas_cumprod) - 1
        if last < 1:
            raise ValueError(f"a table has at least 2 cumulative alphas, got {last + 1}")
        for t, value in enumerate(self.alphas_cumprod):
            if not (0 < value < before or (t == last and value == 0)):
                raise ValueError(
                    "cumulative alphas must fall strictly from below 1 to at least 0, "
                    f"but that of time {t} is {value:g} after {before:g}"
                )
            before = value

    @classmethod
    def from_betas(cls, betas: Sequence[float] | Betas) -> TableSchedule:
        """The schedule of a table of betas, shape (T,).

        Betas of type float32 are accumulated as in diffusers, which rounds alphas and products to float32.

        Raises:
            ValueError: If a beta is outside (0, 1], or the product vanishes before the last time.
        """
        table = np.asarray(betas)
        if table.dtype == np.float32:
            # torch.cumprod keeps its running product in float64 and rounds only what it stores.
            alphas = (np.float32(1) - table).astype(np.float64)
            return cls(np.cumprod(alphas).astype(np.float32))
        return cls(np.cumprod(1 - table.astype(np.float64)))

    @classmethod
    def named(
        cls,
        name: str,
        steps: int = 1000,
        start: float | None = None,
        end: float | None = None,
        precision: Precision = "float64",
    ) -> TableSchedule:
        """The schedule of a named table of betas: the arguments are those of `beta_schedule`."""
        return cls.from_betas(beta_schedule(name, steps, start, end, precision))

    @property
    def steps(self) -> int:
        """Number of training times T."""
        return len(self.alphas_cumprod)

    @property
    def betas(self) -> NDArray[np.float64]:
        r""":math:`\beta_t = 1 - \bar\alpha_t / \bar\alpha_{t-1}`, shape (T,)."""
        table = np.array(self.alphas_cumprod)
        return np.concatenate([1 - table[:1], 1 - table[1:] / table[:-1]])

    @cached_property
    def _ratios(self) -> list[float]:
        # The same two roots as `at` takes, so that `time_of` meets a whole time without rounding.
        return [math.sqrt(1 - value) / math.sqrt(value) if value > 0 else math.inf for value in self.alphas_cumprod]

    def at(self, t: float) -> tuple[float, float]:
        """Signal and noise scale at time ``t`` in [0, T - 1]; exact at whole times.

        Raises:
            ValueError: If ``t`` is outside the table.
        """
        last = self.steps - 1
        if not 0 <= t <= last:
            raise ValueError(f"time {t:g} is outside the table of {self.steps} times: give one from 0 to {last}")
        left = int(t)
        share = t - left
        if share == 0:
            value = self.alphas_cumprod[left]
            return math.sqrt(value), math.sqrt(1 - value)
        if math.isinf(self._ratios[left + 1]):
            alpha = math.sqrt(self.alphas_cumprod[left]) * (1 - share)
            return alpha, math.sqrt(1 - alpha * alpha)
        return level(self._ratios[left] * (1 - share) + self._ratios[left + 1] * share)

    def time_of(self, ratio: float) -> float:
        """Time at which noise over signal is ``ratio``, clamped to the table.

        Whole times are found exactly. Between them the logarithm of the ratio is taken as linear, which is how every
        program asks a network for a level that it was not trained on (k-diffusion's ``sigma_to_t``), although
        `at` is linear in the ratio itself: the two agree to a fraction of one training step.
        """
        ratios = self._ratios
        right = bisect_left(ratios, ratio)
        if right == len(ratios):
            return float(right - 1)
        if right == 0 or ratios[right] == ratio:
            return float(right)
        low, high = ratios[right - 1], ratios[right]
        if math.isinf(high):
            return right - level(ratio)[0] / level(low)[0]
        return right - math.log(high / ratio) / math.log(high / low)

    def zero_terminal_snr(self, floor: float = 0.0) -> TableSchedule:
        r"""The schedule shifted and scaled so that pure noise is reached (arXiv 2305.08891, algorithm 1).

        The first level stays, the last has :math:`\bar\alpha = ` ``floor``. A network then predicts v or the clean
        image: epsilon says nothing at the last time.

        Arguments:
            floor: 0, as diffusers' DDPM and DDIM have it; ``2**-24`` is what its Euler, DPM-Solver++ and UniPC put
                there instead, to keep the ratio finite (4096).
        """
        roots = np.sqrt(np.array(self.alphas_cumprod))
        table = ((roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))) ** 2
        return TableSchedule((self.alphas_cumprod[0], *map(float, table[1:-1]), floor))


def level(ratio: float) -> tuple[float, float]:
    """Signal and noise scale of preserved variance whose noise over signal is ``ratio``."""
    alpha = 1 / math.hypot(1, ratio)
    return alpha, ratio * alpha
