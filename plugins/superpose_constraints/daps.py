r"""Decoupled annealing posterior sampling (DAPS, Zhang et al. 2024, arXiv 2407.01521).

Each step draws a clean image that explains what was observed, and noises it to the next level, so that nothing but the
level ties a state to the one before, and an early mistake can be left behind:

.. math:: x_0 \sim N(x_0;\, \hat x_0, r^2 I)\; N(y;\, A(x_0), s_y^2 I), \qquad x_s = \alpha_s x_0 + \sigma_s z

Around :math:`\hat x_0`, where some steps of the flow lead from the state, or one, the images behind it are taken to be
normal. Their deviation r is :math:`\rho = \sigma / \alpha` in the paper; for images of unit variance and one step it is
:math:`\rho / \sqrt{1 + \rho^2}`, and the method then exact. Where the singular values of A are known, so is the product
of the two, and drawn in its coordinates; else Langevin's dynamics make the draw, as in the paper.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import LinearOperator, Observed, Plan, Rule, option
from superpose_constraints.langevin import drawn_by_langevin

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundOperator, Canvas, Denoise, NoiseLevel, Spectrum, StepNoise

SPREADS = ("normal", "paper")


@attrs.frozen(kw_only=True)
class DAPS(Observed):
    """Draws at every step an image that explains what was observed, and noises that: DAPS.

    For any operator that torch can differentiate; no gradient goes through the network. It makes the steps itself; of
    the scheduler the levels count, and 50 to 100 of them are enough. The clean image must not be clipped (`clip` none)
    where the draw is to be exact. The paper's settings are ``flow = 5`` and ``spread = "paper"``.
    """

    kind = "daps"
    papers = ("arXiv 2407.01521",)
    flow: int = option(1, doc="steps of the flow from each level to the clean image; 1 asks the network once", ge=1)
    spread: str = option(
        "normal", doc="what the network does not know: normal, for images of unit variance; paper", choices=SPREADS
    )
    langevin: int = option(
        100, doc="steps of Langevin's dynamics for each draw, where no singular values are known", ge=1, le=10_000
    )

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.observation(canvas)
        return Annealed(
            operator=operator,
            observed=observed,
            noise=self.noise,
            flow=self.flow,
            spread=self.spread,
            langevin=self.langevin,
        )


@attrs.frozen(kw_only=True, eq=False)
class Annealed(Rule):
    r"""DAPS with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`; Langevin's dynamics take no less than `LEAST`.
        flow: Steps of the flow.
        spread: What r is: ``"normal"`` or ``"paper"``.
        langevin: Steps of Langevin's dynamics.
        levels: Those of the plan that is run, through which the flow goes; the trajectory tells them.
    """

    kind = "daps"
    operator: BoundOperator
    observed: Tensor
    noise: float = 0.0
    flow: int = 1
    spread: str = "normal"
    langevin: int = 100
    levels: tuple[NoiseLevel, ...] = ()

    def along(self, plan: Plan) -> Rule:
        """The rule that knows the levels."""
        return attrs.evolve(self, levels=plan.levels)

    def move(self, denoise: Denoise, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: StepNoise) -> Tensor:
        """A clean image that explains the observation, noised to the next level."""
        centre, spread = self._flowed(denoise, x, here), self._deviation(here)
        image = self._drawn(centre, spread, noise) * there.alpha
        return image.add_(noise(), alpha=there.sigma) if there.sigma else image

    def _flowed(self, denoise: Denoise, x: Tensor, here: NoiseLevel) -> Tensor:
        """The clean image to which DDIM's steps lead from the state."""
        stops = self._stops(here)
        for now, then in zip(stops, [*stops[1:], None], strict=True):
            clean = denoise(x, now).clean
            if then is not None:
                x = clean * then.alpha + (x - clean * now.alpha) * (then.sigma / now.sigma)
        return clean

    def _stops(self, here: NoiseLevel) -> list[NoiseLevel]:
        """The levels at which the flow asks, evenly among those of the plan that lie below."""
        below = sorted((level for level in {*self.levels} if 0 < level.ratio < here.ratio), key=lambda one: -one.ratio)
        ways = min(self.flow, len(below) + 1)
        return [here, *(below[(len(below) + 1) * k // ways - 1] for k in range(1, ways))]

    def _deviation(self, here: NoiseLevel) -> float:
        """R: how far images behind the state lie from where the flow leads."""
        if self.spread == "paper" and here.alpha > 0:  # without a signal the state says nothing, and the prior all
            return here.ratio
        return here.sigma / math.hypot(here.alpha, here.sigma)

    def _drawn(self, centre: Tensor, spread: float, noise: StepNoise) -> Tensor:
        if isinstance(self.operator, LinearOperator) and (known := self.operator.spectrum) is not None:
            return self._exact(self.operator, known, centre, spread, noise)
        return drawn_by_langevin(
            self.operator, self.observed.to(centre), self.noise, centre, spread, self.langevin, noise
        )

    def _exact(
        self, operator: LinearOperator, known: Spectrum, centre: Tensor, spread: float, noise: StepNoise
    ) -> Tensor:
        r"""A draw of the product: in each coordinate of variance :math:`(1 / r^2 + s^2 / s_y^2)^{-1}`."""
        residual = self.observed.to(centre) - operator.apply(centre)
        mean = centre + operator.damped(residual, (self.noise / spread) ** 2)
        values = known.values.double()
        hidden = (self.noise**2 + (values * spread).square()).sqrt().clamp(min=1e-30)
        share = (self.noise / hidden).where(values > 0, values.new_ones(()))
        return mean + known.image(known.coordinates(noise("draw")) * (spread * share).to(centre))
