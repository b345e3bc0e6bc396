"""Classifier-free guidance."""

import math

import pytest
import torch

from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import LawError, NoiseLevel, make, prompted
from superpose.testing.predictors import TinyPredictor

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)


@pytest.mark.parametrize("scale", [-1.0, 0.0, 0.5, 1.0, 5.0, 30.0])
def test_it_is_the_formula(scale):
    network = TinyPredictor()
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    cat, none = (prompted(network, prompt)(x, MOMENT).clean for prompt in ("cat", ""))
    guidance = make("guidance", "cfg", scale=scale)
    got = guidance.denoiser(network, network.condition("cat"), network.condition(""))(x, MOMENT).clean
    torch.testing.assert_close(got, none + scale * (cat - none), atol=1e-5 * (1 + abs(scale)), rtol=1e-5)


def test_it_is_that_of_diffusers():
    rule = make("guidance", "cfg", scale=RUNS["cfg"]["guidance_scale"])
    check_recorded(guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond")), "cfg")


@pytest.mark.parametrize("scale", [math.nan, math.inf])
def test_a_scale_that_is_no_number_is_refused(scale):
    network = TinyPredictor()
    denoiser = make("guidance", "cfg", scale=scale).denoiser(network, network.condition("cat"), network.condition(""))
    with pytest.raises(LawError, match="guidance is not lawful"):
        denoiser.check((3, 8, 8))
