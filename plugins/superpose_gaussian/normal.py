r"""Normal distributions of images, of which every question has an exact answer.

Each is that of probabilistic principal components (Tipping and Bishop 1999): with orthonormal U,

.. math:: x_0 \sim N(\mu, C), \qquad C = U\, \mathrm{diag}(\lambda)\, U^\top + s^2 (I - U U^\top)

Because C is known along U and beyond, so is all that follows from it: noisy images, clean images given noisy ones,
likelihoods, and images given a linear observation of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import attrs
import torch
from torch import Tensor


@attrs.frozen(eq=False)
class Normal:
    r"""A normal distribution of D numbers.

    Attributes:
        mean: :math:`\mu`, shape (D,).
        components: Orthonormal rows :math:`U^\top`, shape (J, D).
        variances: :math:`\lambda` along each component, shape (J,).
        rest: :math:`s^2` of every other direction, shape ().
    """

    mean: Tensor
    components: Tensor
    variances: Tensor
    rest: Tensor

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Normal:
        """The same elsewhere, or in another precision."""
        return Normal(*(one.to(device, dtype) for one in attrs.astuple(self, recurse=False)))

    def noisy(self, alpha: float, sigma: float) -> Normal:
        r"""Distribution of :math:`\alpha x_0 + \sigma \epsilon`."""
        return Normal(
            alpha * self.mean,
            self.components,
            alpha**2 * self.variances + sigma**2,
            alpha**2 * self.rest + sigma**2,
        )

    def denoised(self, x: Tensor, alpha: float, sigma: float) -> Tensor:
        r"""Mean of the clean images of noisy ones, shape (N, D).

        .. math:: E[x_0 | x] = \mu + \alpha C (\alpha^2 C + \sigma^2 I)^{-1} (x - \alpha\mu)
        """
        seen = self.noisy(alpha, sigma)
        along, beyond = alpha * self.variances / seen.variances, alpha * self.rest / seen.rest
        away = x - seen.mean
        inside = away @ self.components.T
        return self.mean + beyond * away + (along - beyond) * inside @ self.components

    def log_density(self, x: Tensor) -> Tensor:
        """Natural logarithm of the density at x (N, D), shape (N,)."""
        away = x - self.mean
        inside = away @ self.components.T
        outside = (away.square().sum(1) - inside.square().sum(1)).clamp(min=0)
        width, count = len(self.mean), len(self.variances)
        volume = self.variances.log().sum() + (width - count) * self.rest.log() + width * math.log(2 * math.pi)
        return -0.5 * ((inside.square() / self.variances).sum(1) + outside / self.rest + volume)

    def covariance(self) -> Tensor:
        """C, shape (D, D)."""
        inside = self.components.T * (self.variances - self.rest) @ self.components
        return inside + self.rest * torch.eye(len(self.mean)).to(inside)

    def given(self, operator: Callable[[Tensor], Tensor], observed: Tensor, noise: float) -> tuple[Tensor, Tensor]:
        r"""Exact mean (D,) and covariance (D, D), in float64, of images of which something linear was observed.

        .. math:: y = A x_0 + s_y\, n: \quad \mu + C A^\top (A C A^\top + s_y^2 I)^{-1} (y - A\mu)

        Arguments:
            operator: A, of images (N, D) to (N, M); linear.
            observed: y, shape (M,).
            noise: :math:`s_y`, from 0.
        """
        exact = self.to("cpu", torch.float64)
        matrix = operator(torch.eye(len(self.mean), dtype=torch.float64)).T
        covariance = exact.covariance()
        crossed = covariance @ matrix.T
        inner = matrix @ crossed + noise**2 * torch.eye(len(matrix), dtype=torch.float64)
        # Without noise, what is observed twice makes it singular: the least answer is the right one.
        gain = crossed @ torch.linalg.pinv(inner, hermitian=True)
        return exact.mean + gain @ (observed.double() - matrix @ exact.mean), covariance - gain @ crossed.T


@attrs.frozen(eq=False)
class Mixture:
    """A mixture of normal distributions.

    Attributes:
        normals: The K distributions.
        shares: Of each, shape (K,); they sum to 1.
    """

    normals: tuple[Normal, ...]
    shares: Tensor

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Mixture:
        """The same elsewhere, or in another precision."""
        return Mixture(tuple(one.to(device, dtype) for one in self.normals), self.shares.to(device, dtype))

    def noisy(self, alpha: float, sigma: float) -> Mixture:
        r"""Distribution of :math:`\alpha x_0 + \sigma \epsilon`."""
        return attrs.evolve(self, normals=tuple(one.noisy(alpha, sigma) for one in self.normals))

    def log_densities(self, x: Tensor) -> Tensor:
        """Natural logarithm of each distribution's share of the density at x (N, D), shape (N, K)."""
        return torch.stack([one.log_density(x) for one in self.normals], 1) + self.shares.log()

    def log_density(self, x: Tensor) -> Tensor:
        """Natural logarithm of the density at x (N, D), shape (N,)."""
        return self.log_densities(x).logsumexp(1)

    def denoised(self, x: Tensor, alpha: float, sigma: float, weights: Tensor | None = None) -> Tensor:
        """Mean of the clean images of noisy ones, shape (N, D).

        Arguments:
            x: Noisy images (N, D).
            alpha, sigma: Their noise level.
            weights: How likely each distribution is to be behind each, shape (N, K); absent: as x itself says.
        """
        if weights is None:
            weights = self.noisy(alpha, sigma).log_densities(x).softmax(1)
        # One after another: memory is that of one answer, however many distributions there are.
        clean = torch.zeros_like(x)
        for one, weight in zip(self.normals, weights.unbind(1), strict=True):
            clean = clean + weight[:, None] * one.denoised(x, alpha, sigma)
        return clean
