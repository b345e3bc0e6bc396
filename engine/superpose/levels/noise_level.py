r"""Noise levels: what is signal and what is noise at each time.

Every process here has Gaussian marginals

.. math:: x_t = \alpha_t x_0 + \sigma_t \epsilon, \qquad \epsilon \sim N(0, I)

so a schedule is two functions of time, and a network's time is only a name for a pair of them:
variance preserving (:math:`\alpha^2 + \sigma^2 = 1`), variance exploding (:math:`\alpha = 1`) and
rectified flow (:math:`\alpha + \sigma = 1`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import attrs


class NoiseLevel(NamedTuple):
    r"""One noise level of a plan.

    Attributes:
        index: Place in the plan, from 0 (noisiest of an ordinary plan).
        t: Time as the network knows it; -1 for the clean end, where no network is asked.
        alpha: Signal scale :math:`\alpha_t`, in [0, 1].
        sigma: Noise scale :math:`\sigma_t`, at least 0.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, and nobody searches a level
    t: float
    alpha: float
    sigma: float

    @property
    def ratio(self) -> float:
        r"""Noise-to-signal ratio :math:`\sigma_t / \alpha_t` (k-diffusion's sigma); infinite without signal."""
        return self.sigma / self.alpha if self.alpha > 0 else math.inf

    @property
    def log_snr(self) -> float:
        r"""Half the log signal-to-noise ratio :math:`\lambda_t = \log(\alpha_t / \sigma_t)`."""
        if self.sigma <= 0:
            return math.inf
        return math.log(self.alpha / self.sigma) if self.alpha > 0 else -math.inf

    @property
    def prior(self) -> float:
        """Standard deviation of the state at this level, for data of unit variance."""
        return math.hypot(self.alpha, self.sigma)

    @property
    def step(self) -> StepInfo | None:
        """The step that asks at this level; None where nobody said."""
        return None

    def asked_in(self, step: StepInfo) -> NoiseLevel:
        """This level, asked at in that step of a run; equal to the level itself."""
        level = _AskedLevel(*self)
        level._step = step
        return level


class _AskedLevel(NoiseLevel):
    """A level that knows its step, so that whoever hands the level on hands on the step."""

    _step: StepInfo | None = None

    @property
    def step(self) -> StepInfo | None:
        return self._step


@attrs.frozen
class StepInfo:
    """A step of a run: a transition of its plan.

    A scheduler may ask several times in it, at levels between its ends.

    Attributes:
        here: The level it starts from.
        there: The level it reaches.
        index: Its number, from 0.
        total: How many there are, climbs included.
    """

    here: NoiseLevel
    there: NoiseLevel
    index: int
    total: int


class Schedule(ABC):
    """The noise levels a network was trained on."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """Number of training times T (1000 in nearly every public checkpoint)."""

    @abstractmethod
    def at(self, t: float) -> tuple[float, float]:
        """Signal and noise scale at time ``t`` in [0, T - 1] (flow: [0, T]); fractional times are interpolated."""

    @abstractmethod
    def time_of(self, ratio: float) -> float:
        """Time at which noise over signal is ``ratio``: the inverse of `at`, clamped to the trained range."""

    def level(self, index: int, t: float) -> NoiseLevel:
        """The noise level of time ``t`` as place ``index`` of a plan."""
        return NoiseLevel(index, float(t), *self.at(t))
