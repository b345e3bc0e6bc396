"""What a network's answer says of the clean image, in every parameterization, against its definition."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import Estimate, NoiseLevel, RecipeError, with_gradient
from superpose.estimate.prediction import clean_coefficients, clean_from, output_from

#: Each parameterization by its definition, of the clean image and the noise.
DEFINED = {
    "epsilon": lambda clean, noise, alpha, sigma: noise,
    "sample": lambda clean, noise, alpha, sigma: clean,
    "v": lambda clean, noise, alpha, sigma: alpha * noise - sigma * clean,
    "flow": lambda clean, noise, alpha, sigma: noise - clean,
    "score": lambda clean, noise, alpha, sigma: -noise / sigma,
}
SCALES = st.floats(0.05, 1.0)
VALUES = st.floats(-3, 3)


@pytest.mark.parametrize("name", DEFINED)
@given(SCALES, SCALES, VALUES, VALUES)
def test_the_clean_image_is_read_off_as_it_is_defined(name, alpha, sigma, clean, noise):
    level = NoiseLevel(0, 1.0, alpha, sigma)
    a, b = clean_coefficients(name, level)
    x = alpha * clean + sigma * noise
    assert a * x + b * DEFINED[name](clean, noise, alpha, sigma) == pytest.approx(clean, abs=1e-8)


@pytest.mark.parametrize("name", DEFINED)
def test_there_and_back(name):
    generator = torch.Generator().manual_seed(0)
    clean, x = (torch.randn(2, 3, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    level = NoiseLevel(0, 1.0, 0.6, 0.8)
    torch.testing.assert_close(clean_from(name, output_from(name, clean, x, level), x, level), clean)


@pytest.mark.parametrize(("name", "known"), [("epsilon", False), ("score", False), ("v", True), ("flow", True)])
def test_without_a_signal_some_say_nothing(name, known):
    pure = NoiseLevel(0, 999.0, 0.0, 1.0)
    if known:
        assert clean_coefficients(name, pure) == ((0.0, -1.0) if name == "v" else (1.0, -1.0))
        return
    with pytest.raises(RecipeError, match=f"{name} prediction knows nothing of the image at t=999"):
        clean_coefficients(name, pure)


def test_an_unknown_one_is_told_what_is_known():
    with pytest.raises(RecipeError, match="unknown parameterization 'x0'; known: epsilon, sample, v, flow, score"):
        clean_coefficients("x0", NoiseLevel(0, 1.0, 0.6, 0.8))


def test_the_answer_of_a_coarser_network_is_read_in_the_precision_of_the_state():
    x = torch.full((1, 1, 2, 2), 0.1)
    for name in DEFINED:
        read = clean_from(name, torch.ones(1, 1, 2, 2, dtype=torch.bfloat16), x, NoiseLevel(0, 1.0, 0.6, 0.8))
        assert read.dtype == torch.float32


class TestGradient:
    CLEAN = torch.zeros(1, 1, 2, 2)
    STEER = torch.full((1, 1, 2, 2), 0.5)

    def test_it_moves_the_clean_image_as_it_moves_epsilon(self):
        level = NoiseLevel(0, 1.0, 0.6, 0.8)
        moved = with_gradient(Estimate(self.CLEAN, guidance_gradient=self.STEER), level)
        assert moved.guidance_gradient is None
        noise = output_from("epsilon", self.CLEAN, self.CLEAN, level) - level.sigma * self.STEER
        torch.testing.assert_close(moved.clean, clean_from("epsilon", noise, self.CLEAN, level))

    def test_what_the_noise_is_read_off_is_moved_too(self):
        estimate = Estimate(self.CLEAN, guidance_gradient=self.STEER, renoise=self.CLEAN + 1)
        moved = with_gradient(estimate, NoiseLevel(0, 1.0, 0.6, 0.8))
        torch.testing.assert_close(moved.renoise - moved.clean, torch.ones(1, 1, 2, 2))

    def test_where_there_is_no_signal_nothing_is_steered(self):
        pure = NoiseLevel(0, 999.0, 0.0, 1.0)
        moved = with_gradient(Estimate(self.CLEAN, guidance_gradient=self.STEER), pure)
        assert moved.guidance_gradient is None
        assert torch.equal(moved.clean, self.CLEAN)
