r"""Preconditioning: a network's output to a clean image (Karras et al. 2022, arXiv 2206.00364, table 1).

.. math:: D(x; \sigma) = c_\mathrm{skip}\, x + c_\mathrm{out}\, F(c_\mathrm{in}\, x;\, c_\mathrm{noise})

with x a clean image plus :math:`\sigma` times unit noise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import NamedTuple

import attrs


class Coefficients(NamedTuple):
    """Those of the formula above."""

    skip: float
    out: float
    in_: float
    noise: float


class Preconditioning(ABC):
    """Preconditioning around a network."""

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest sigma that the network was trained on."""

    @abstractmethod
    def at(self, sigma: float) -> Coefficients:
        """The coefficients at one noise level, above 0."""


@attrs.frozen(kw_only=True)
class EDMPreconditioning(Preconditioning):
    """EDM's own: input and output have unit variance."""

    sigma_min: float = 0.0
    sigma_max: float = math.inf
    sigma_data: float = 0.5

    @property
    def ends(self) -> tuple[float, float]:
        """As recorded; all levels by default."""
        return self.sigma_min, self.sigma_max

    def at(self, sigma: float) -> Coefficients:
        """At one noise level."""
        whole = math.hypot(sigma, self.sigma_data)
        skip = (self.sigma_data / whole) ** 2
        return Coefficients(skip, sigma * self.sigma_data / whole, 1 / whole, math.log(sigma) / 4)


@attrs.frozen(kw_only=True)
class VPPreconditioning(Preconditioning):
    r"""Variance preserving (score SDE, arXiv 2011.13456).

    .. math:: \sigma(t)^2 = \exp(\beta_d t^2 / 2 + \beta_{min} t) - 1
    """

    beta_d: float = 19.9
    beta_min: float = 0.1
    M: int = 1000  # as the file calls it
    epsilon_t: float = 1e-5

    @property
    def ends(self) -> tuple[float, float]:
        """From the least time to 1."""
        low, high = (
            math.sqrt(math.expm1(0.5 * self.beta_d * t * t + self.beta_min * t)) for t in (self.epsilon_t, 1.0)
        )
        return low, high

    def at(self, sigma: float) -> Coefficients:
        """At one noise level."""
        grown = self.beta_min**2 + 2 * self.beta_d * math.log1p(sigma * sigma)
        t = (math.sqrt(grown) - self.beta_min) / self.beta_d
        return Coefficients(1.0, -sigma, 1 / math.hypot(sigma, 1), (self.M - 1) * t)


@attrs.frozen(kw_only=True)
class VEPreconditioning(Preconditioning):
    """Variance exploding (score SDE)."""

    sigma_min: float = 0.02
    sigma_max: float = 100.0

    @property
    def ends(self) -> tuple[float, float]:
        """As recorded."""
        return self.sigma_min, self.sigma_max

    def at(self, sigma: float) -> Coefficients:
        """At one noise level."""
        return Coefficients(1.0, sigma, 1.0, math.log(sigma / 2))


@attrs.frozen(kw_only=True)
class IDDPMPreconditioning(Preconditioning):
    """Improved DDPM (arXiv 2102.09672): a cosine table of noise levels, of which the nearest tells the network."""

    C_1: float = 0.001
    C_2: float = 0.008
    M: int = 1000

    @cached_property
    def table(self) -> tuple[float, ...]:
        """Noise levels, the highest first; the last is 0."""
        levels = [0.0]
        for j in range(self.M, 0, -1):
            step = max(self._signal(j - 1) / self._signal(j), self.C_1)
            levels.append(math.sqrt((levels[-1] ** 2 + 1) / step - 1))
        return tuple(reversed(levels))

    def _signal(self, j: int) -> float:
        return math.sin(math.pi / 2 * j / self.M / (self.C_2 + 1)) ** 2

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the table."""
        return self.table[self.M - 1], self.table[0]

    def at(self, sigma: float) -> Coefficients:
        """At one noise level."""
        nearest = min(range(self.M + 1), key=lambda j: abs(self.table[j] - sigma))
        return Coefficients(1.0, -sigma, 1 / math.hypot(sigma, 1), float(self.M - 1 - nearest))


#: By the name of its class in EDM's files, with the network that it has unless another is recorded.
PRECONDITIONINGS: dict[str, tuple[type[Preconditioning], str]] = {
    "EDMPrecond": (EDMPreconditioning, "DhariwalUNet"),
    "VPPrecond": (VPPreconditioning, "SongUNet"),
    "VEPrecond": (VEPreconditioning, "SongUNet"),
    "iDDPMPrecond": (IDDPMPreconditioning, "DhariwalUNet"),
}
