r"""Outputs of networks about noisy images, and the clean image that is read off them.

With :math:`x = \alpha x_0 + \sigma\epsilon` every parameterization is affine in the clean image:

============  =============================================  =====================================================
epsilon       :math:`\epsilon`                               DDPM, arXiv 2006.11239
sample        :math:`x_0`
v             :math:`\alpha\epsilon - \sigma x_0`            progressive distillation, arXiv 2202.00512
flow          :math:`\epsilon - x_0`                         rectified flow, arXiv 2209.03003
score         :math:`-\epsilon / \sigma`                     score SDE, arXiv 2011.13456
============  =============================================  =====================================================

so that one table, :math:`x_0 = a\,x + b\,\mathrm{output}`, serves all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from superpose.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from superpose.estimate.tensors import Map
    from superpose.levels.noise_level import NoiseLevel

#: The quantity that a network predicts: the noise, the clean image, v, the velocity of a flow, or the score.
Parameterization = Literal["epsilon", "sample", "v", "flow", "score"]
#: The meaning of further channels: none, the logarithm of a variance, or its place between the two bounds of DDPM.
LearnedVariance = Literal["none", "learned", "learned_range"]


class Prediction(NamedTuple):
    """Output of a network.

    Attributes:
        output: In the predictor's parameterization, shape (N, C, H, W).
        variance: The learned variance channels as the network gave them, shaped as ``output``, or None.
    """

    output: Tensor
    variance: Tensor | None = None


class Estimate(NamedTuple):
    """Estimate of the clean image that a denoiser makes.

    Attributes:
        clean: Estimate of the clean image, shape (N, C, H, W).
        variance: What the networks said of the variance, shaped as ``clean``; None where they say nothing.
            Its meaning (a log-variance, or a place between two) is that of the predictor's ``learned_variance``.
        guidance_gradient: Gradient, with respect to the noisy image, of a log-probability that the sample should
            raise; shaped as ``clean``, None for none. ``clean`` leaves it out: see `with_gradient`.
        renoise: The clean image that the noise in the state is read off, where that is not ``clean``, as in CFG++;
            shaped as ``clean``, None where it is. For schedulers that `Scheduler.renoises`.
        displacement: What the state is moved by after the step, whatever the scheduler made of the clean image, as
            DPS does; shaped as ``clean``, None for nothing. Of several estimates in a step the first says it.
        dispersion: How far the densities that the sample is drawn from disagree about its clean image, shape (N,),
            float64: see `Denoiser.with_dispersion`. None where nobody asks, or there is one density alone.
    """

    clean: Tensor
    variance: Tensor | None = None
    guidance_gradient: Tensor | None = None
    renoise: Tensor | None = None
    displacement: Tensor | None = None
    dispersion: Tensor | None = None

    def mapped(self, change: Map) -> Estimate:
        """The same with ``change`` done to its clean images."""
        renoise = None if self.renoise is None else change(self.renoise)
        return self._replace(clean=change(self.clean), renoise=renoise)


def renoised(estimates: Sequence[Estimate]) -> list[Tensor | None]:
    """The clean images that noise is read off, those of all where one has another than its own; None for each else."""
    if all(estimate.renoise is None for estimate in estimates):
        return [None] * len(estimates)
    return [estimate.clean if estimate.renoise is None else estimate.renoise for estimate in estimates]


def clean_coefficients(parameterization: Parameterization, level: NoiseLevel) -> tuple[float, float]:
    """The pair (a, b) with ``clean = a * x + b * output`` at ``level``.

    Raises:
        RecipeError: If the parameterization says nothing about the clean image there (epsilon without signal).
    """
    _, _, alpha, sigma = level
    match parameterization:
        case "epsilon" | "score":
            if alpha == 0:
                raise RecipeError(
                    f"{parameterization} prediction knows nothing of the image at t={level.t:g}, where there is no "
                    "signal (zero terminal SNR): start below it, or use a network that predicts v or sample"
                )
            return 1 / alpha, -sigma / alpha if parameterization == "epsilon" else sigma * sigma / alpha
        case "sample":
            return 0.0, 1.0
        case "v":
            norm = alpha * alpha + sigma * sigma
            return alpha / norm, -sigma / norm
        case "flow":
            return 1 / (alpha + sigma), -sigma / (alpha + sigma)
    raise RecipeError(f"unknown parameterization {parameterization!r}; known: {', '.join(get_args(Parameterization))}")


def clean_from(parameterization: Parameterization, output: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
    """The clean image that ``output`` speaks of, shaped as ``x``, in the dtype of ``x``."""
    a, b = clean_coefficients(parameterization, level)
    output = output.to(x.dtype)
    if a == 0:  # sample, and v without signal
        return output if b == 1 else output * b
    return (x * a).add_(output, alpha=b)


def with_gradient(estimate: Estimate, level: NoiseLevel) -> Estimate:
    r"""The estimate with its steer in the clean image, by Tweedie's formula, and none left.

    .. math:: E[x_0 | x_t, y] = E[x_0 | x_t] + \frac{\sigma_t^2}{\alpha_t} \nabla_{x_t} \log p(y | x_t)

    In epsilon that is :math:`\epsilon - \sigma_t \nabla_{x_t} \log p(y | x_t)` (arXiv 2105.05233, algorithm 2). Where
    there is no signal the state says nothing of y, and nothing is steered.
    """
    if estimate.guidance_gradient is None:
        return estimate
    if level.alpha == 0:
        return estimate._replace(guidance_gradient=None)
    gain, gradient = level.sigma**2 / level.alpha, estimate.guidance_gradient
    return estimate._replace(guidance_gradient=None).mapped(lambda clean: clean.add(gradient, alpha=gain))


def output_from(parameterization: Parameterization, clean: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
    """Output of a network of that parameterization whose clean image would be ``clean``.

    Raises:
        ZeroDivisionError: At a noise level where the output does not depend on the clean image (sigma 0).
    """
    a, b = clean_coefficients(parameterization, level)
    return (clean - a * x) / b
