r"""Base of the DPM-Solvers: steps in the log signal-to-noise ratio, a history, and a careful end.

With :math:`\lambda = \log(\alpha/\sigma)`, :math:`h = \lambda_s - \lambda_t` and the differences of the estimates
:math:`m_0, m_1, m_2` (now, a step ago, two steps ago), where :math:`r_i` are the steps before in units of h,

.. math:: D_0 = \frac{m_0 - m_1}{r_0}, \quad D_{-1} = \frac{m_1 - m_2}{r_1}, \quad
          m' \approx D_0 + \frac{r_0}{r_0 + r_1} (D_0 - D_{-1}), \quad
          \tfrac12 m'' \approx \frac{D_0 - D_{-1}}{r_0 + r_1}

each member of the family integrates the polynomial m against an exponential, exactly:

.. math:: I(z) = z \int_0^1 e^{z (1 - u)}\, m(\lambda_t + u h)\, du, \qquad
          \phi_1 = e^z - 1, \quad \phi_2 = \phi_1 / z - 1, \quad \phi_3 = 2 \phi_2 / z - 1

with weight :math:`\phi_1` for the value, :math:`\phi_2` for the slope ("heun"; "midpoint" takes :math:`\phi_1 / 2`,
equal to second order) and :math:`\phi_3` for :math:`\tfrac12 m''`. Order one is DDIM's move in all of them.

At order three the original program, and k-diffusion and diffusers after it, weigh the last difference by half of its
integral, as if it were :math:`m''`. That method converges with order two (``curve = "published"`` has their numbers);
with the whole integral it is of order three.

A step to the clean image has :math:`h = \infty` and is of order one. In runs of fewer than 15 steps the order falls to
2 and 1 in the last two, as in the original program. A step knows only its two levels, so that is told from
``here.index`` and the planned number of steps: right for a scheduler's own plan, which is what published numbers are
of. A plan that a constraint cut is numbered anew and keeps its order up to the clean end.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import attrs

from superpose import Gridded, History, apart, combine, levels_of, moved, option, remembered

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, NoiseLevel, StepNoise

#: With fewer steps than these the last ones are of lower order.
FEW = 15

CURVES = ("exact", "published")
SOLVERS = ("midpoint", "heun")


class Weights(NamedTuple):
    """A step as a linear combination.

    Attributes:
        on_x: Weight of the state.
        on_said: Weights of the estimates, newest first.
        on_noise: Standard deviation of the noise.
    """

    on_x: float
    on_said: tuple[float, ...]
    on_noise: float = 0.0


@attrs.frozen(kw_only=True)
class DPM(Gridded):
    """A multistep DPM-Solver; the kinds say what they remember and how they weigh it."""

    order: int = option(2, doc="estimates that a step puts together; 2 with guidance, 3 without", ge=1, le=3)
    curve: str = option(
        "exact", doc="weight of the second difference at order 3: exact, or published (half of it)", choices=CURVES
    )
    lower_order_final: bool = option(True, doc="lower the order of the last steps in runs of fewer than 15")
    euler_at_final: bool = option(False, doc="make the last step of order one in longer runs too")
    solver: str = option("midpoint", doc="how the second order weighs the slope", choices=SOLVERS)

    @property
    def single_step(self) -> bool:
        """True where a step depends on the state alone: at order one."""
        return self.order == 1

    def init(self) -> History:
        """No history."""
        return ()

    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: History,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, History]:
        """Step with as many estimates as there are; asks ``denoise`` at ``here`` alone."""
        clean = denoise(x, here).clean
        estimated = self.estimated(x, clean, here)
        past = () if jumped else state
        order = min(self._allowed(here, there), len(past) + 1)
        kept = remembered(here, estimated, past, self.order - 1)
        if order == 1:
            return moved(x, clean, here, there, noise, 1.0 if self.stochastic else 0.0), kept
        used = past[: order - 1]
        on_x, on_said, on_noise = self.weights(here, there, levels_of(used))
        terms = [(on_x, x), (on_said[0], estimated)]
        terms += [(on, before) for on, (_, before) in zip(on_said[1:], used, strict=True)]
        if on_noise:
            terms.append((on_noise, noise()))
        return combine(*terms), kept

    def estimated(self, x: Tensor, clean: Tensor, here: NoiseLevel) -> Tensor:
        """The estimate that is remembered, shape (N, C, H, W): the clean image, unless a kind says otherwise."""
        del x, here
        return clean

    @abstractmethod
    def weights(self, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> Weights:
        """The step of order ``1 + len(past)``; ``past`` has a level or more, and every level signal and noise."""

    def integral(
        self, rate: float, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]
    ) -> tuple[float, ...]:
        """Weights of the estimates, newest first, in I(z) with z of ``rate`` times h."""
        return _integral(rate, here, there, past, self.solver, self.curve)

    def _allowed(self, here: NoiseLevel, there: NoiseLevel) -> int:
        if there.sigma == 0 or here.alpha == 0:
            return 1
        planned = self.planned
        if planned >= FEW and not self.euler_at_final:
            return self.order
        left = planned - here.index
        if self.euler_at_final and left == 1:
            return 1
        if self.lower_order_final and planned < FEW and left > 0:
            return min(self.order, left)
        return self.order


@lru_cache(maxsize=4096)
def _integral(
    rate: float, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...], solver: str, curve: str
) -> tuple[float, ...]:
    h = apart(here, there)
    ratios = tuple(apart(older, newer) / h for older, newer in zip(past, (here, *past), strict=False))
    z = rate * h
    phi_1 = math.expm1(z)
    phi_2 = phi_1 / z - 1
    slope = phi_1 / 2 if solver == "midpoint" and len(past) == 1 else phi_2
    bend = (1 if curve == "exact" else 0.5) * (2 * phi_2 / z - 1)
    return _on_estimates(phi_1, slope, bend, ratios)


def _on_estimates(on_value: float, on_slope: float, on_curve: float, ratios: tuple[float, ...]) -> tuple[float, ...]:
    r"""Weights of the estimates, newest first, from those of the value, of :math:`m'` and of :math:`\tfrac12 m''`.

    Two estimates have one ratio, :math:`r_0`; three have :math:`r_0` and :math:`r_1`.
    """
    if len(ratios) == 1:
        first = on_slope / ratios[0]
        return on_value + first, -first
    r0, r1 = ratios
    bend = (on_slope * r0 + on_curve) / (r0 + r1)
    first, second = (on_slope + bend) / r0, bend / r1
    return on_value + first, -first - second, second
