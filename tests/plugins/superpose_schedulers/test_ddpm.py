"""DDPM's step is Bayes' rule for Gaussians, and its variance what the formula of each kind says."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import Estimate, NoiseLevel, RunError
from superpose_schedulers.ddpm import DDPM, weights

ANGLES = st.tuples(st.floats(0.05, 1.5), st.floats(0.05, 1.5)).filter(lambda pair: abs(pair[0] - pair[1]) > 0.01)


def level(angle):
    return NoiseLevel(0, 5.0, math.cos(angle), math.sin(angle))


def step(scheduler, estimate, here, there, x, z):
    return scheduler.step(lambda x, level: estimate, x, here, there, None, lambda: z, False)[0]


@given(ANGLES)
def test_the_weights_are_the_posteriors(angles):
    """Of x_s given x_t and x_0: the product of two Gaussians in x_s, by their precisions."""
    low, high = sorted(angles)
    here, there = level(high), level(low)
    on_x, on_clean, small, large = weights(here, there)
    k = here.alpha / there.alpha
    beta = here.sigma**2 - (k * there.sigma) ** 2
    precision = 1 / there.sigma**2 + k**2 / beta
    assert small**2 == pytest.approx(1 / precision)
    assert on_x == pytest.approx(k / beta / precision)
    assert on_clean == pytest.approx(there.alpha / there.sigma**2 / precision)
    assert large**2 == pytest.approx(beta)


class TestVariances:
    HERE, THERE = level(1.0), level(0.6)
    X, Z = torch.randn(2, 1, 3, 4, 4, generator=torch.Generator().manual_seed(0))

    def spread(self, variance, said=None):
        estimate = Estimate(torch.zeros_like(self.X), said)
        scheduler = DDPM(variance=variance)
        moved, still = (step(scheduler, estimate, self.HERE, self.THERE, self.X, z) for z in (self.Z, 0 * self.Z))
        return (moved - still) / self.Z

    @pytest.mark.parametrize(("variance", "place"), [("fixed_small", 2), ("fixed_large", 3)])
    def test_fixed(self, variance, place):
        want = torch.full_like(self.X, weights(self.HERE, self.THERE)[place])
        torch.testing.assert_close(self.spread(variance), want, rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("variance", ["learned_range", "auto"])
    def test_a_learned_range_goes_from_small_to_large_in_logarithms(self, variance):
        _, _, small, large = weights(self.HERE, self.THERE)
        for said, want in ((-1.0, small), (1.0, large), (0.0, math.sqrt(small * large))):
            got = self.spread(variance, torch.full_like(self.X, said))
            torch.testing.assert_close(got, torch.full_like(self.X, want), rtol=1e-4, atol=1e-4)

    def test_a_learned_one_is_a_logarithm(self):
        got = self.spread("learned", torch.full_like(self.X, math.log(0.09)))
        torch.testing.assert_close(got, torch.full_like(self.X, 0.3), rtol=1e-4, atol=1e-4)

    def test_none_that_was_promised(self):
        with pytest.raises(RunError, match="said nothing of the variance at t=5: write variance = 'fixed_small'"):
            self.spread("learned_range")

    @pytest.mark.parametrize("said", [None, 0.0])
    def test_a_gradient_moves_the_mean_by_the_variance(self, said):
        learned = None if said is None else torch.full_like(self.X, said)
        plain = Estimate(torch.zeros_like(self.X), learned)
        steered = plain._replace(guidance_gradient=torch.ones_like(self.X))
        moved, still = (step(DDPM(), it, self.HERE, self.THERE, self.X, self.Z) for it in (steered, plain))
        _, _, small, large = weights(self.HERE, self.THERE)
        want = small**2 if said is None else small * large
        torch.testing.assert_close(moved - still, torch.full_like(self.X, want), rtol=1e-4, atol=1e-5)


def test_the_last_step_is_the_clean_image():
    clean = torch.full((1, 1, 2, 2), 0.3)
    end = NoiseLevel(1, -1.0, 1.0, 0.0)
    got = step(DDPM(), Estimate(clean), level(0.1), end, torch.zeros(1, 1, 2, 2), None)
    assert torch.equal(got, clean), "and no noise is asked for"
