r"""Networks on noise levels that are not their own.

The state of a run is at a level of the network of ``[model]``. A network that was trained on another process knows the
same noise-to-signal ratio under another time, and at another scale: :math:`\alpha x_0 + \sigma \epsilon`, times k, is
what it has seen. Asked so, it answers with the same clean image.

.. math:: D(x, \sigma / \alpha) = d(k x;\, t', k \alpha, k \sigma), \qquad
          \frac{\sigma_{t'}}{\alpha_{t'}} = \frac{\sigma}{\alpha}, \qquad
          k = \sqrt{\frac{\alpha_{t'}^2 + \sigma_{t'}^2}{\alpha^2 + \sigma^2}}

This is what every program does that samples one network on the levels of another process (Karras et al. 2022, arXiv
2206.00364, appendix C). Above its noisiest level a network is asked at that one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose.estimate.denoiser import Denoiser
from superpose.estimate.estimation import asked_at, begun
from superpose.levels.noise_level import NoiseLevel, Schedule

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.query import Estimation

#: Difference of k from 1 that rounding explains; the state is then handed on as it is.
SAME_SCALE = 1e-9


@attrs.frozen(eq=False)
class OwnLevels(Denoiser):
    """A denoiser whose networks were trained on other noise levels than those of the run.

    Attributes:
        denoiser: It is asked at the levels of ``schedule``.
        schedule: What its networks were trained on.
        variance: Whether what they say of the variance is what the run's scheduler reads.
    """

    denoiser: Denoiser
    schedule: Schedule
    variance: bool = False

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask at the level of the same ratio, and hand the clean image on."""
        own, scale = own_level(self.schedule, level)
        estimate = yield from asked_at(begun(self.denoiser, x if scale == 1 else x * scale, own), own)
        gradient = estimate.guidance_gradient
        if gradient is not None and scale != 1:
            gradient = gradient * scale  # with respect to x, and not to k x
        shift = estimate.displacement
        return estimate._replace(
            variance=estimate.variance if self.variance else None,
            guidance_gradient=gradient,
            displacement=shift if shift is None or scale == 1 else shift / scale,
        )

    def with_dispersion(self) -> Denoiser:
        """The same: clean images are those of the run, whatever the level."""
        return attrs.evolve(self, denoiser=self.denoiser.with_dispersion())


def own_level(schedule: Schedule, level: NoiseLevel) -> tuple[NoiseLevel, float]:
    """The level of ``schedule`` that has the ratio of ``level``, and the factor k that brings a state there.

    The ratio stays what it is to the last bit: where time is a table, the time alone is rounded.
    """
    t = schedule.time_of(level.ratio)
    alpha, sigma = schedule.at(t)
    if level.alpha == 0:  # all noise, which is that of the noisiest level there is
        own, scale = NoiseLevel(level.index, t, alpha, sigma), sigma / level.sigma
    else:
        scale = math.hypot(alpha, sigma) / level.prior
        scale = 1.0 if abs(scale - 1) <= SAME_SCALE else scale
        own = NoiseLevel(level.index, t, level.alpha * scale, level.sigma * scale)
    return (own if level.step is None else own.asked_in(level.step)), scale
