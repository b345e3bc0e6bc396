"""Rescaled guidance, beside diffusers'."""

import pytest
import torch

from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import make
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor


def rescaled(base, share):
    return make("guidance", "rescale", base=base, share=share)


def test_it_is_that_of_diffusers():
    args = RUNS["cfg_rescale"]
    network = Recorded(yes="pred_cond", no="pred_uncond")
    rule = rescaled(make("guidance", "cfg", scale=args["guidance_scale"]), args["guidance_rescale"])
    check_recorded(guided_run(rule, network), "cfg_rescale")
    assert set(network.blocks) == {4}  # the prompt is asked once, for both


def test_inside_an_interval_it_is_that_of_diffusers():
    """Which has a form where scale w leads as far as w + 1 does here."""
    args = RUNS["cfg_interval_rescale_original"]
    rule = rescaled(make("guidance", "cfg", scale=args["guidance_scale"] + 1), args["guidance_rescale"])
    inside = make("guidance", "interval", base=rule, start=args["start"], stop=args["stop"])
    check_recorded(guided_run(inside, Recorded(yes="pred_cond", no="pred_uncond")), "cfg_interval_rescale_original")


def test_all_of_it_is_the_contrast_of_the_prompt():
    network = TinyPredictor()
    told = network.condition("cat"), network.condition("")
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    plain = make("guidance", "cfg", scale=1.0).denoiser(network, *told)(x, level).clean
    got = rescaled(make("guidance", "cfg", scale=9.0), 1.0).denoiser(network, *told)(x, level).clean
    torch.testing.assert_close(got.std((1, 2, 3)), plain.std((1, 2, 3)))


def test_none_of_it_is_the_base_bit_for_bit():
    network, base = TinyPredictor(), make("guidance", "cfg", scale=9.0)
    told = network.condition("cat"), network.condition("")
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    one, other = (rule.denoiser(network, *told)(x, level).clean for rule in (rescaled(base, 0.0), base))
    assert torch.equal(one, other)


@pytest.mark.parametrize("base", [make("guidance", "cfg"), make("guidance", "apg"), make("guidance", "cfg-zero")])
def test_it_is_a_lawful_guidance(base):
    check_guidance(rescaled(base, 0.7), rows=2)
