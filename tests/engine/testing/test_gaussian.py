"""Jointly Gaussian images: the predictor is the conditional mean, by linear algebra; distances are Wasserstein's."""

import pytest
import torch

from superpose import TableSchedule
from superpose.testing.gaussian import BatchNoise, GaussianImages, distance

SCHEDULE = TableSchedule.named("linear")


@pytest.mark.parametrize("t", [10, 500, 990])
def test_the_clean_image_is_the_conditional_mean(t):
    images = GaussianImages((2, 3, 3))
    level = SCHEDULE.level(0, t)
    x = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    got = images.predict(x, level, {}).output.flatten(1)
    noisy = level.alpha**2 * images.covariance + level.sigma**2 * torch.eye(18, dtype=torch.float64)
    gain = level.alpha * images.covariance @ torch.linalg.inv(noisy)
    want = images.mean + (x.flatten(1) - level.alpha * images.mean) @ gain.T
    torch.testing.assert_close(got, want)


def test_channels_are_independent_and_near_values_alike():
    covariance = GaussianImages((2, 2, 2), std=0.5, length=3.0).covariance
    assert not covariance[:4, 4:].any()
    assert torch.allclose(covariance.diag(), torch.full((8,), 0.25, dtype=torch.float64))
    assert float(covariance[0, 1]) == pytest.approx(0.25 * 2.718281828 ** (-1 / 3))


def test_what_is_known_of_a_sample_says_the_rest():
    """Of many samples: the regression of the unknown values on the known ones is the conditional mean."""
    images = GaussianImages((1, 2, 2))
    z = torch.randn(200_000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    samples = images.mean + z @ (images.vectors * images.values.sqrt()).T
    keep = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    known = torch.tensor([[[0.5, 9.0], [9.0, -0.2]]])
    mean, covariance = images.given(known, keep)
    have, rest = samples[:, [0, 3]], samples[:, [1, 2]]
    ones = torch.ones(len(have), 1, dtype=torch.float64)
    fit = torch.linalg.lstsq(torch.cat([have, ones], 1), rest).solution
    want = torch.tensor([0.5, -0.2, 1.0], dtype=torch.float64) @ fit
    assert float((mean - want).abs().max()) < 0.01
    left = rest - torch.cat([have, ones], 1) @ fit
    assert float((covariance - left.T.cov()).abs().max()) < 0.01


def test_the_distance_of_two_gaussians_in_closed_form():
    """Of independent values: the root of the summed squares of mean and deviation, over the root of the trace."""
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(100_000, 2, generator=generator, dtype=torch.float64) * torch.tensor([2.0, 0.5]) + 1
    covariance = torch.diag(torch.tensor([1.0, 1.0], dtype=torch.float64))
    want = ((1 + 1 + (2 - 1) ** 2 + (0.5 - 1) ** 2) / 2) ** 0.5
    assert distance(samples, torch.zeros(2, dtype=torch.float64), covariance) == pytest.approx(want, rel=0.01)
    own = samples.T.cov()
    assert distance(samples, samples.mean(0), own) < 1e-6


def test_noise_of_a_batch_is_its_own_for_each_step_and_purpose():
    drawn = BatchNoise((2, 1, 3, 3))
    first = drawn.draw(0)
    assert torch.equal(first, drawn.draw(0))
    assert not torch.equal(first, drawn.draw(1))
    assert not torch.equal(first, drawn.draw(0, "start"))
    assert float(drawn.draw(0, law="uniform").min()) >= 0
