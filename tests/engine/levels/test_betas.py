"""The named beta tables, against diffusers, closed forms and guided-diffusion's rule for other lengths."""

import warnings

import numpy as np
import pytest
import torch

from superpose import TableSchedule, beta_schedule
from superpose.levels.betas import NAMES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # diffusers warns about other libraries while it is imported
    from diffusers import DDPMScheduler

DIFFUSERS = {"cosine": "squaredcos_cap_v2"}


def test_each_name_gives_falling_signal_in_both_precisions():
    for name in NAMES:
        for precision in ("float64", "float32"):
            for steps in (2, 10, 300, 1000, 4000):
                betas = beta_schedule(name, steps, *((1e-3, 0.02) if name == "linear" else ()), precision=precision)
                assert betas.shape == (steps,), (name, steps)
                assert betas.dtype == precision, (name, precision, betas.dtype)
                assert (betas > 0).all(), (name, steps)
                assert (betas < 1).all(), (name, steps)
                assert TableSchedule.from_betas(betas).steps == steps, name


@pytest.mark.parametrize("name", ["linear", "scaled_linear", "cosine"])
@pytest.mark.parametrize("steps", [250, 1000, 1001])
def test_float32_tables_are_those_of_diffusers_bit_for_bit(name, steps):
    ours = TableSchedule.named(name, steps, *(() if name == "cosine" else (0.001, 0.013)), precision="float32")
    theirs = DDPMScheduler(steps, 0.001, 0.013, DIFFUSERS.get(name, name)).alphas_cumprod
    wrong = np.flatnonzero(np.array(ours.alphas_cumprod, dtype=np.float32) != theirs.numpy())
    assert wrong.size == 0, f"{name}: times {wrong[:5]} of {wrong.size} differ"


def test_float32_sigmoid_is_that_of_diffusers_to_the_last_places():
    ours = TableSchedule.named("sigmoid", precision="float32")
    theirs = DDPMScheduler(1000, 1e-4, 0.02, "sigmoid").alphas_cumprod.double().numpy()
    assert np.allclose(ours.alphas_cumprod, theirs, rtol=5e-6, atol=0), np.abs(ours.alphas_cumprod / theirs - 1).max()


def test_float32_is_wrong_where_numerics_says_and_float64_is_not():
    exact, rounded = TableSchedule.named("linear"), TableSchedule.named("linear", precision="float32")
    noise = [1 - table.alphas_cumprod[0] for table in (exact, rounded)]
    assert noise[0] == pytest.approx(1e-4, rel=1e-12), noise
    assert abs(noise[1] / noise[0] - 1) == pytest.approx(1.66e-4, rel=0.01), noise


def test_scaled_linear_and_sigmoid_are_their_formulas():
    u = np.linspace(0, 1, 1000)
    scaled = (np.sqrt(0.00085) + u * (np.sqrt(0.012) - np.sqrt(0.00085))) ** 2
    assert np.allclose(beta_schedule("scaled_linear"), scaled, rtol=1e-13, atol=0)
    sigmoid = torch.sigmoid(torch.linspace(-6, 6, 1000, dtype=torch.float64)).numpy() * (0.02 - 1e-4) + 1e-4
    assert np.allclose(beta_schedule("sigmoid"), sigmoid, rtol=1e-12, atol=0)


def test_the_constant_of_diffae_has_a_geometric_signal():
    table = TableSchedule.named("constant").alphas_cumprod
    assert np.allclose(table, 0.992 ** np.arange(1, 1001), rtol=1e-11, atol=0)


def test_linear_of_another_length_adds_as_much_noise_unless_bounds_are_given():
    assert beta_schedule("linear", 4000)[[0, -1]] == pytest.approx([1e-4 / 4, 0.02 / 4])
    assert beta_schedule("linear", 4000, 1e-4, 0.02)[[0, -1]] == pytest.approx([1e-4, 0.02])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("squared",), r"no beta schedule is called 'squared': write one of linear, scaled_linear, cosine"),
        (("linear", 0), r"at least 1 step, got 0"),
        (("linear", 1000, 0.02, 0.01), r"must rise .* got start 0\.02 and end 0\.01"),
        (("linear", 10), r"must rise .* end 2 for 10 steps: write both"),
        (("cosine", 1000, 0.1), r"cosine schedule has no start and end: leave them out"),
        (("constant", 1000, 0.1, 0.2), r"start = 0\.1, but end is 0\.2: leave it out"),
        (("linear", 1000, None, None, "float16"), r"precision is 'float64' or 'float32', got 'float16'"),
    ],
)
def test_errors_name_the_value_and_the_cure(arguments, message):
    with pytest.raises(ValueError, match=message):
        beta_schedule(*arguments)
