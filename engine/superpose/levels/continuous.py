r"""The noise processes in closed form: exploding variance, Karras's axis, rectified flow. Tables are in
`superpose.levels.table`.
"""

from __future__ import annotations

import math

import attrs

from superpose.levels.noise_level import Schedule


def _inside(t: float, last: float) -> float:
    if not 0 <= t <= last:
        raise ValueError(f"time {t:g} is outside the trained range: give one from 0 to {last:g}")
    return t


def _ordered(sigma_min: float, sigma_max: float) -> None:
    if not 0 < sigma_min < sigma_max < math.inf:
        raise ValueError(
            f"sigma_min must be above 0 and below sigma_max, got sigma_min {sigma_min:g} and sigma_max {sigma_max:g}"
        )


def _enough(steps: int) -> None:
    if steps < 2:
        raise ValueError(f"a schedule has at least 2 steps, got {steps}")


@attrs.frozen(kw_only=True)
class VESchedule(Schedule):
    r"""Exploding variance of the score SDE (arXiv 2011.13456): :math:`\alpha = 1`, :math:`\sigma` geometric in time.

    Attributes:
        sigma_min: Noise scale at time 0, above 0.
        sigma_max: Noise scale at time T - 1.
        steps: Number of training times T.
    """

    sigma_min: float = 0.01
    sigma_max: float = 50.0
    steps: int = 1000

    def __attrs_post_init__(self) -> None:
        """Refuse impossible levels."""
        _ordered(self.sigma_min, self.sigma_max)
        _enough(self.steps)

    def at(self, t: float) -> tuple[float, float]:
        """Signal and noise scale at time ``t`` in [0, T - 1]."""
        share = _inside(t, self.steps - 1) / (self.steps - 1)
        return 1.0, self.sigma_min ** (1 - share) * self.sigma_max**share

    def time_of(self, ratio: float) -> float:
        """Time at which the noise scale is ``ratio``, clamped to [0, T - 1]."""
        if ratio <= self.sigma_min:
            return 0.0
        share = math.log(min(ratio, self.sigma_max) / self.sigma_min) / math.log(self.sigma_max / self.sigma_min)
        return share * (self.steps - 1)


@attrs.frozen(kw_only=True)
class EDMSchedule(Schedule):
    r"""Karras's levels (arXiv 2206.00364): :math:`\alpha = 1`, :math:`\sigma^{1/\rho}` linear in time.

    Such networks were trained on all levels, without an index. Time here is a place on the paper's own axis, so that
    an even grid of n times is the paper's grid; a network that is given
    :math:`c_\mathrm{noise} = \log(\sigma) / 4` makes it from the level's sigma.

    Attributes:
        sigma_min: Noise scale at time 0, above 0.
        sigma_max: Noise scale at time T - 1.
        rho: How much low noise is crowded, above 0.
        steps: Length T of the time axis.
    """

    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0
    steps: int = 1000

    def __attrs_post_init__(self) -> None:
        """Refuse impossible levels."""
        _ordered(self.sigma_min, self.sigma_max)
        _enough(self.steps)
        if not self.rho > 0:
            raise ValueError(f"rho must be above 0, got {self.rho:g}")

    @property
    def _ends(self) -> tuple[float, float]:
        return math.pow(self.sigma_min, 1 / self.rho), math.pow(self.sigma_max, 1 / self.rho)

    def at(self, t: float) -> tuple[float, float]:
        """Signal and noise scale at time ``t`` in [0, T - 1]."""
        share = _inside(t, self.steps - 1) / (self.steps - 1)
        low, high = self._ends
        return 1.0, math.pow(low + share * (high - low), self.rho)

    def time_of(self, ratio: float) -> float:
        """Time at which the noise scale is ``ratio``, clamped to [0, T - 1]."""
        low, high = self._ends
        root = math.pow(min(max(ratio, self.sigma_min), self.sigma_max), 1 / self.rho)
        return (root - low) / (high - low) * (self.steps - 1)


@attrs.frozen(kw_only=True)
class FlowSchedule(Schedule):
    r"""Rectified flow (arXiv 2209.03003): :math:`\alpha + \sigma = 1`, and the network knows time as T sigma.

    Time is the level itself, so ``shift`` changes no level but which levels a grid takes (arXiv 2403.03206, eq. 23):

    .. math:: \sigma = \frac{s u}{1 + (s - 1) u}, \qquad u = 1, \dots, 0 \text{ in equal steps}

    Attributes:
        shift: s, above 0; more than 1 spends more steps at high noise, as large images need.
        steps: T, the time of pure noise.
    """

    shift: float = 1.0
    steps: int = 1000

    def __attrs_post_init__(self) -> None:
        """Refuse an impossible shift."""
        _enough(self.steps)
        if not 0 < self.shift < math.inf:
            raise ValueError(f"shift must be above 0, got {self.shift:g}")

    def at(self, t: float) -> tuple[float, float]:
        """Signal and noise scale at time ``t`` in [0, T]."""
        sigma = _inside(t, self.steps) / self.steps
        return 1 - sigma, sigma

    def time_of(self, ratio: float) -> float:
        """Time at which noise over signal is ``ratio``, in [0, T]."""
        return float(self.steps) if math.isinf(ratio) else self.steps * max(ratio, 0.0) / (1 + max(ratio, 0.0))

    def shifted(self, u: float) -> float:
        """The noise scale that stands for ``u`` in [0, 1] of an even grid."""
        # Rounding may pass pure noise (shift 1/3 does), which is no level.
        return min(self.shift * u / (1 + (self.shift - 1) * u), 1.0)
