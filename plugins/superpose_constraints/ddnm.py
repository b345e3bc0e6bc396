r"""Denoising diffusion null-space models (DDNM and DDNM+, Wang et al. 2023, arXiv 2212.00490).

What was observed replaces what the network says of it, :math:`\hat x_0 = D + \Lambda A^+ (y - A D)`, and the step goes
on from there with a share :math:`\eta` of fresh noise,

.. math:: x_s = \alpha_s \hat x_0 + \sigma_s \big( \sqrt{1 - \eta^2}\, \epsilon + \eta\, z \big),
          \qquad \epsilon = (x_t - \alpha_t D) / \sigma_t

Where the observation has noise :math:`s_y`, the replacement brings some into the state: in the direction of a singular
value s, :math:`\alpha_s s_y / s`. As long as that is less than :math:`\sigma_s`, fresh noise makes up for the rest and
:math:`\Lambda = 1`; where it is more, :math:`\Lambda = \sqrt{1 - \eta^2}\, s\, \sigma_s / (\alpha_s s_y)` (equations 17
to 19). Noise is made up for in the directions themselves; the program does that for masks, and takes noise for
coefficients elsewhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import Observed, Plan, Rule, noise_part, option
from superpose_constraints.travel import travelled

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Denoise, LinearOperator, NoiseLevel, Spectrum, StepNoise


@attrs.frozen(kw_only=True)
class DDNM(Observed):
    """Puts what was observed in the place of what the network says of it, at every step: DDNM, and with noise DDNM+.

    For linear operators whose singular values are known. Without noise the image explains what was observed exactly,
    but for a picture's 8 bits: told ``noise``, it leaves out what noise has drowned. It makes the steps itself; of the
    scheduler the levels count. With ``repeats`` it travels back and comes again, which lets the two agree.
    """

    kind = "ddnm"
    papers = ("arXiv 2212.00490",)
    linear = True
    spectral = True
    eta: float = option(0.85, doc="share of fresh noise in every step", ge=0, le=1)
    travel: int = option(1, doc="levels to travel back by", ge=1)
    repeats: int = option(1, doc="times that every stretch of so many levels is made", ge=1, le=100)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return NullSpace(
            operator=operator,
            observed=observed,
            noise=self.noise,
            eta=self.eta,
            travel=self.travel,
            repeats=self.repeats,
        )


@attrs.frozen(kw_only=True, eq=False)
class NullSpace(Rule):
    """DDNM with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A, with a spectrum.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`.
        eta: Share of fresh noise.
        travel: Levels to travel back by.
        repeats: Times that every stretch is made.
    """

    kind = "ddnm"
    operator: LinearOperator
    observed: Tensor
    noise: float = 0.0
    eta: float = 0.85
    travel: int = 1
    repeats: int = 1

    def plan(self, plan: Plan) -> Plan:
        """The plan with its travels."""
        return travelled(plan, self.travel, self.repeats)

    def move(self, denoise: Denoise, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: StepNoise) -> Tensor:
        """A step from the image that explains what was observed."""
        clean = denoise(x, here).clean
        explained = self.explained(clean, there) * there.alpha
        if there.sigma == 0:
            return explained
        own, fresh = noise_part(x, clean, here) / here.sigma, noise()
        kept = math.sqrt(1 - self.eta**2)
        known = self.operator.spectrum
        if self.noise == 0 or known is None:
            return explained + there.sigma * (kept * own + self.eta * fresh)
        deviation = there.sigma * self.eta + 0 * known.values
        inside = (there.sigma**2 - self._brought(known, there).square()).clamp(min=0).sqrt()
        drowned = self._brought(known, there) >= there.sigma
        deviation = inside.where((known.values > 0) & ~drowned, deviation)
        unseen = there.sigma * kept * (known.values == 0)
        made = known.coordinates(fresh) * deviation.to(x) + known.coordinates(own) * unseen.to(x)
        return explained + known.image(made)

    def explained(self, clean: Tensor, there: NoiseLevel) -> Tensor:
        """The clean image with what was observed in its place, as far as noise at ``there`` hides its own."""
        residual = self.observed.to(clean) - self.operator.apply(clean)
        known = self.operator.spectrum
        if self.noise == 0 or known is None:
            return clean + self.operator.pseudo_inverse(residual)
        brought = self._brought(known, there)
        share = math.sqrt(1 - self.eta**2) * there.sigma / brought.clamp(min=1e-30)
        share = share.where(brought > there.sigma, 1.0)
        inverse = known.values.clamp(min=1e-30).reciprocal().where(known.values > 0, 0.0)
        return clean + known.image(known.observed(residual) * (share * inverse).to(clean))

    def _brought(self, known: Spectrum, there: NoiseLevel) -> Tensor:
        """Deviation of the noise that the observation brings into the state, in each direction that is seen."""
        brought = there.alpha * self.noise / known.values.clamp(min=1e-30)
        return brought.where(known.values > 0, 0.0)
