"""Normal distributions against textbook formulas on dense matrices, and Tweedie's."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import MultivariateNormal

from superpose_gaussian.normal import Mixture, Normal

WIDTH = 12
LEVELS = st.floats(0.01, 1.55).map(lambda angle: (math.cos(angle), math.sin(angle)))


def normal(seed: int, count: int = 3) -> Normal:
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    components = torch.linalg.qr(draw(WIDTH, count)).Q.T
    return Normal(draw(WIDTH), components, draw(count).exp() + 0.1, draw(()).exp() / 10)


def mixture(seed: int) -> Mixture:
    normals = tuple(normal(3 * seed + k) for k in range(3))
    return Mixture(normals, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64))


def noise(seed: int, rows: int = 4) -> Tensor:
    return torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(st.integers(0, 50), LEVELS)
def test_density_is_that_of_the_dense_covariance(seed: int, level: tuple[float, float]) -> None:
    one = normal(seed).noisy(*level)
    want = MultivariateNormal(one.mean, one.covariance()).log_prob(noise(seed))
    torch.testing.assert_close(one.log_density(noise(seed)), want)


@given(st.integers(0, 50), LEVELS)
def test_clean_images_are_those_of_the_dense_formula(seed: int, level: tuple[float, float]) -> None:
    one, x, (alpha, sigma) = normal(seed), noise(seed), level
    covariance = one.covariance()
    seen = alpha**2 * covariance + sigma**2 * torch.eye(WIDTH)
    want = one.mean + alpha * (x - alpha * one.mean) @ torch.linalg.solve(seen, covariance)
    torch.testing.assert_close(one.denoised(x, alpha, sigma), want)


@given(st.integers(0, 50), LEVELS)
def test_a_mixture_obeys_tweedie(seed: int, level: tuple[float, float]) -> None:
    some, (alpha, sigma) = mixture(seed), level
    x = noise(seed).requires_grad_()
    (score,) = torch.autograd.grad(some.noisy(alpha, sigma).log_density(x).sum(), x)
    want = (x.detach() + sigma**2 * score) / alpha
    torch.testing.assert_close(some.denoised(x.detach(), alpha, sigma), want, rtol=1e-6, atol=1e-8)


def test_a_mixture_of_one_is_that_one() -> None:
    one, x = normal(0), noise(1)
    alone = Mixture((one,), torch.ones(1, dtype=torch.float64))
    torch.testing.assert_close(alone.denoised(x, 0.6, 0.8), one.denoised(x, 0.6, 0.8))


@pytest.mark.parametrize("sigma", [0.05, 1.0])
def test_what_was_observed_is_explained(sigma: float) -> None:
    """The other textbook form, by precisions."""
    one = normal(2)
    matrix = torch.randn(5, WIDTH, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    observed = noise(4, 1)[0, :5]
    mean, covariance = one.given(lambda x: x @ matrix.T, observed, sigma)
    prior = torch.linalg.inv(one.covariance())
    want = torch.linalg.inv(prior + matrix.T @ matrix / sigma**2)
    torch.testing.assert_close(covariance, want)
    torch.testing.assert_close(mean, want @ (prior @ one.mean + matrix.T @ observed / sigma**2))


def test_what_was_observed_twice_without_noise_is_kept() -> None:
    one, observed = normal(2), torch.tensor([0.3, 0.3], dtype=torch.float64)
    mean, covariance = one.given(lambda x: x[:, [0, 0]], observed, 0.0)
    assert float(mean[0]) == pytest.approx(0.3)
    assert float(covariance[0, 0]) == pytest.approx(0, abs=1e-12)
    assert float(covariance[1, 1]) > 0
