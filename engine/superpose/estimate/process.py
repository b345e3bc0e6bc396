r"""Processes: how images become noise, and what a network's answer says of the image behind a state.

Nearly every checkpoint knows the Gaussian one, :math:`x_t = \alpha_t x_0 + \sigma_t \epsilon`, and so do the parts that
come with superpose. A model may bring another: one whose places are masked, say, and then filled (D3PM, arXiv
2107.03006), where :math:`\alpha_t` is the share of places that are left.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, final

from superpose.estimate.prediction import clean_from

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.prediction import Parameterization
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import StepNoise

#: Name of the process that kinds are for unless they say otherwise.
GAUSSIAN = "gaussian"


class Process(ABC):
    """A way from images to noise. A frozen object, or one without state.

    Attributes:
        name: What kinds call it that are right for it: see `Kind.processes`.
        continuous: Whether the values of a state are numbers that a view may mix. Where they are not, as in one-hot
            channels, a view must move them whole.
    """

    name: ClassVar[str]
    continuous: ClassVar[bool] = False

    @abstractmethod
    def start(self, noise: StepNoise, level: NoiseLevel) -> Tensor:
        """States at the noisiest level, where no image is known, shape (N, C, H, W), float32."""

    @abstractmethod
    def climb(self, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: StepNoise) -> Tensor:
        """States at the noisier level ``there`` that came from ``x`` at ``here``: a new tensor."""

    @abstractmethod
    def read(self, parameterization: Parameterization, output: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
        """The clean image that a network's answer ``output`` speaks of, shaped as ``x``."""


@final
class GaussianProcess(Process):
    r"""White noise added to an image: :math:`x_t = \alpha_t x_0 + \sigma_t \epsilon`."""

    name = GAUSSIAN
    continuous = True

    def start(self, noise: StepNoise, level: NoiseLevel) -> Tensor:
        """Noise of the deviation that the state has there, for data of unit variance."""
        return noise("start") * level.prior

    def climb(self, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: StepNoise) -> Tensor:
        """As `renoised`."""
        return renoised(x, here, there, noise("climb"))

    def read(self, parameterization: Parameterization, output: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
        """By the coefficients of the parameterization."""
        return clean_from(parameterization, output, x, level)


def renoised(x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: Tensor) -> Tensor:
    r"""Climb from a level s (``here``) to a noisier one t (``there``).

    .. math:: x_t = r x_s + \sqrt{\sigma_t^2 - r^2 \sigma_s^2}\;\epsilon, \qquad r = \alpha_t / \alpha_s

    Arguments:
        x: States at ``here``, shape (N, C, H, W).
        noise: Unit normal, shaped as ``x``.
    """
    keep = there.alpha / here.alpha
    return (x * keep).add_(noise, alpha=math.sqrt(there.sigma**2 - (keep * here.sigma) ** 2))
