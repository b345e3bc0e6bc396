r"""Images that are jointly Gaussian: their exact predictor, and their exact distribution where a part is known.

With :math:`x_0 \sim N(\mu, \Sigma)`, :math:`\Sigma = Q \Lambda Q^\top`,

.. math:: E[x_0 | x_t] = \mu + Q \frac{\alpha\Lambda}{\alpha^2\Lambda + \sigma^2} Q^\top (x_t - \alpha\mu)

which makes every sampler's error measurable, conditioning included.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import torch
from torch import Tensor

from superpose.estimate.prediction import Prediction
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.levels.noise_level import NoiseLevel, Schedule
from superpose.levels.plan import Plan
from superpose.levels.table import TableSchedule
from superpose.sampling.scheduler import Memory, Scheduler
from superpose.sampling.transition import ancestral, posterior_variance
from superpose.testing.probes import of_law

if TYPE_CHECKING:
    from superpose.sampling.noise import NoiseLaw, StepNoise
    from superpose.sampling.scheduler import Denoise


class GaussianImages(NoisePredictor):
    r"""The exact predictor of images whose values are correlated by :math:`s^2 \exp(-d / l)` at distance d.

    Arguments:
        shape: (C, H, W) of one sample; channels are independent of each other.
        std: s.
        length: l, in pixels.
        mean: The mean of every value.
        schedule: Noise levels; DDPM's linear ones when not given.
    """

    parameterization = "sample"

    def __init__(
        self,
        shape: tuple[int, int, int] = (1, 4, 4),
        std: float = 0.5,
        length: float = 3.0,
        mean: float = 0.1,
        schedule: Schedule | None = None,
    ) -> None:
        self.shape = shape
        self.schedule = schedule or TableSchedule.named("linear")
        self.device = torch.device("cpu")
        channels, height, width = shape
        places = torch.cartesian_prod(torch.arange(height), torch.arange(width)).double()
        near = torch.exp(-torch.cdist(places, places) / length) * std**2
        self.covariance = torch.block_diag(*[near] * channels)
        self.mean = torch.full((channels * height * width,), mean, dtype=torch.float64)
        self.values, self.vectors = torch.linalg.eigh(self.covariance)

    def condition(self, prompt: str) -> Condition:
        """There is one distribution, whatever the prompt."""
        return Condition(prompt, {"row": torch.zeros(1)})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The exact mean of the clean image, computed in float64."""
        del conditioning
        gain = level.alpha * self.values / (level.alpha**2 * self.values + level.sigma**2)
        off = x.double().flatten(1) - level.alpha * self.mean
        clean = self.mean + (off @ self.vectors * gain) @ self.vectors.T
        return Prediction(clean.view(x.shape).to(x.dtype))

    def given(self, known: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and covariance of the unknown values, given the known ones.

        Arguments:
            known: An image, shape (C, H, W); what is unknown of it is not looked at.
            keep: 1 where it is known, shape (C, H, W).
        """
        have = keep.flatten() > 0
        cross = self.covariance[~have][:, have] @ torch.linalg.inv(self.covariance[have][:, have])
        mean = self.mean[~have] + cross @ (known.double().flatten()[have] - self.mean[have])
        return mean, self.covariance[~have][:, ~have] - cross @ self.covariance[have][:, ~have]


@attrs.frozen(kw_only=True, eq=False)
class ExactSteps(Scheduler):
    r"""Draws each step from its exact distribution, given the state: the process run backwards, with no error at all.

    What is left of an error then is not the scheduler's. The clean image behind a state has the covariance
    :math:`Q \Lambda \sigma^2 / (\alpha^2 \Lambda + \sigma^2) Q^\top`, which DDPM leaves out.
    """

    kind = "exact"
    images: GaussianImages
    levels: Plan

    @property
    def stochastic(self) -> bool:
        """Every step draws noise."""
        return True

    def plan(self, schedule: Schedule) -> Plan:
        """The levels given."""
        del schedule
        return self.levels

    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: Memory,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, Memory]:
        """Draw from the exact distribution of the next state."""
        del jumped
        values, vectors = self.images.values, self.images.vectors
        behind = values * here.sigma**2 / (here.alpha**2 * values + here.sigma**2)
        on_x, on_clean, between = 0.0, there.alpha, 0.0
        if there.sigma > 0:
            on_x, on_clean, _ = ancestral(here, there, 1.0)
            between = posterior_variance(here, there)
        deviation = (between + on_clean**2 * behind).sqrt()
        fresh = (noise().double().flatten(1) @ vectors * deviation) @ vectors.T
        return on_x * x + on_clean * denoise(x, here).clean + fresh.view(x.shape).to(x.dtype), state


@attrs.frozen
class BatchNoise:
    """Noise drawn for all samples at once, where thousands are wanted and none is looked at alone.

    Attributes:
        shape: (N, C, H, W).
    """

    shape: tuple[int, int, int, int]

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Noise of one step, purpose and law."""
        generator = torch.Generator().manual_seed(zlib.crc32(f"{step} {purpose}".encode()))
        return of_law(torch.randn(self.shape, generator=generator), law)


def distance(samples: Tensor, mean: Tensor, covariance: Tensor) -> float:
    r"""Wasserstein distance between the Gaussian with the moments of ``samples``, shape (N, D), and another.

    .. math:: |m - \mu|^2 + \mathrm{tr}\left(C + \Sigma - 2 (\Sigma^{1/2} C \Sigma^{1/2})^{1/2}\right)

    and the root of it, divided by that of :math:`\mathrm{tr}\Sigma`: 1 is an error as large as the spread itself.
    """
    samples = samples.double()
    got = samples.T.cov()
    root = _root(covariance)
    spread = got.trace() + covariance.trace() - 2 * _root(root @ got @ root).trace()
    total = (samples.mean(0) - mean).square().sum() + spread.clamp(min=0)
    return float((total / covariance.trace()).sqrt())


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
