r"""Denoising diffusion restoration models (DDRM, Kawar et al. 2022, arXiv 2201.11793).

In the coordinates of the operator's singular vectors every number is by itself: with the singular value s, the
coordinate d of the clean image and :math:`\bar y = u^\top y / s`, which is the image's own with noise :math:`s_y / s`,
a step to level s (here t for the level after it) makes of them

.. math:: x_t = \begin{cases}
          \alpha d + \sigma \big(\sqrt{1 - \eta^2}\, \epsilon + \eta z\big) & s = 0 \\
          \alpha d + \sigma \big(\sqrt{1 - \eta^2}\, s (\bar y - d) / s_y + \eta z\big) & s \sigma < \alpha s_y \\
          \alpha \big(d + \eta_b (\bar y - d)\big) + \sqrt{\sigma^2 - (\alpha \eta_b s_y / s)^2}\, z & \text{else}
          \end{cases}

It starts from noise around what was observed. The program leaves out the equality in the last case, so that without
noise its last step does not put in what was observed; and it divides the state that it starts from by the deviation of
the noise in it.

The second case puts the same noise of the observation in at every step: where s is small next to :math:`s_y` that is
all it puts in, and what is made is drawn away from the image. Such coordinates count as unseen here (``threshold``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import Edit, Observed, RecipeError, Rule, noise_part, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Denoise, LinearOperator, NoiseLevel, Plan, Spectrum, StepNoise


@attrs.frozen(kw_only=True)
class DDRM(Observed):
    """Samples every coordinate of the operator by what is known of it at each level: DDRM.

    For linear operators whose singular values are known. It makes the starting state and the steps itself; of the
    scheduler the levels count, and 20 of them are enough.
    """

    kind = "ddrm"
    papers = ("arXiv 2201.11793",)
    linear = True
    spectral = True
    eta: float = option(0.85, doc="share of fresh noise where nothing is observed, or noise hides it", ge=0, le=1)
    eta_b: float = option(1.0, doc="how much of what was observed is put in, where noise does not hide it", ge=0, le=1)
    threshold: float = option(
        0.7,
        doc="coordinates with a singular value of at most so many noises count as unseen; 0, as published: none",
        ge=0,
    )

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        told = {name: getattr(self, name) for name in ("noise", "eta", "eta_b", "threshold")}
        return Restored(operator=operator, observed=observed, **told)


@attrs.frozen(kw_only=True, eq=False)
class Restored(Rule):
    r"""DDRM with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A, with a spectrum.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`.
        eta: :math:`\eta`.
        eta_b: :math:`\eta_b`.
        threshold: Coordinates whose singular value is at most so many :math:`s_y` count as unseen.
    """

    kind = "ddrm"
    operator: LinearOperator
    observed: Tensor
    noise: float = 0.0
    eta: float = 0.85
    eta_b: float = 1.0
    threshold: float = 0.7

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """Noise at the first level, around what was observed where that is louder than its own noise."""
        top, known = plan.levels[0], self._known()
        spread = self._spread(known, top)
        seen = (known.values > 0) & (spread < top.sigma)
        drawn = known.coordinates(noise())
        deviation = (top.sigma**2 - spread.square()).clamp(min=0).sqrt().where(seen, top.prior)
        mean = (self._means(known) * top.alpha).where(seen, 0.0)
        return Edit(known.image(mean.to(x) + deviation.to(x) * drawn), jumped=False)

    def move(self, denoise: Denoise, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: StepNoise) -> Tensor:
        """A step, coordinate by coordinate."""
        known, clean = self._known(), denoise(x, here).clean
        means = self._means(known)
        seen, spread = known.values > 0, self._spread(known, there)
        loud = seen & (spread <= there.sigma)
        own, d = known.coordinates(noise_part(x, clean, here) / here.sigma), known.coordinates(clean)
        # Where noise hides what was observed, the difference from it stands for the noise in the state.
        hidden = (means - d) * (known.values / max(self.noise, 1e-30)).to(x)
        kept = there.sigma * math.sqrt(1 - self.eta**2) * hidden.where(seen, own)
        put = (self.eta_b * there.alpha) * (means - d)
        fresh = (
            (there.sigma**2 - (self.eta_b * spread).square()).clamp(min=0).sqrt().where(loud, there.sigma * self.eta)
        )
        moved = d * there.alpha + put.where(loud, kept)
        return known.image(moved + fresh.to(x) * known.coordinates(noise()) if there.sigma else moved)

    def _known(self) -> Spectrum:
        if (known := self.operator.spectrum) is None:
            raise RecipeError("ddrm needs an operator whose singular values are known")
        loud = known.values > self.threshold * self.noise
        return attrs.evolve(known, values=known.values.where(loud, known.values.new_zeros(())))

    def _means(self, known: Spectrum) -> Tensor:
        r""":math:`\bar y`, 0 where nothing is seen; shape (1, C, H, W)."""
        values = known.values.to(self.observed)
        return known.observed(self.observed) / values.where(values > 0, values.new_ones(()))

    def _spread(self, known: Spectrum, level: NoiseLevel) -> Tensor:
        """Deviation of the noise that what was observed would bring into the state, in each coordinate that is seen."""
        spread = level.alpha * self.noise / known.values.clamp(min=1e-30)
        return spread.where(known.values > 0, 0.0)
