"""Perp-Neg, beside the paper's formula."""

import torch

from superpose import Context, compose, loads, make, prompted
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor


def asked(rule, negative="dog", network=None):
    network = network or TinyPredictor()
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    bound = rule.bind(Context.of(network))
    denoiser = bound.denoiser(network, network.condition("cat"), network.condition(negative))
    return denoiser(x, level).clean, [prompted(network, prompt)(x, level).clean for prompt in ("cat", "", "dog")]


def test_it_is_the_formula_of_the_paper():
    got, told = asked(make("guidance", "perp-neg", positive=4.0, negative=6.0))
    for one, cat, plain, dog in zip(got, *told, strict=True):
        towards, away = (cat - plain).flatten(), (dog - plain).flatten()
        away = away - (away @ towards) / (towards @ towards) * towards
        want = plain.flatten() + 4.0 * towards - 6.0 * away
        torch.testing.assert_close(one.flatten(), want, atol=1e-5, rtol=1e-5)


def test_a_negative_prompt_takes_nothing_along_the_prompt():
    rule, none = (make("guidance", "perp-neg", positive=4.0, negative=u) for u in (8.0, 0.0))
    (got, (cat, plain, _)), (without, _) = asked(rule), asked(none)
    towards = cat - plain
    lost = ((got - without) * towards).sum((1, 2, 3)) / towards.square().sum((1, 2, 3))
    assert lost.abs().max() < 1e-4
    assert (got - without).abs().max() > 0.1


def test_without_a_negative_prompt_it_is_cfg():
    network = TinyPredictor()
    got, _ = asked(make("guidance", "perp-neg", positive=4.0), negative="", network=network)
    torch.testing.assert_close(got, asked(make("guidance", "cfg", scale=4.0), negative="")[0], atol=1e-5, rtol=1e-5)
    assert network.blocks[0] == 4


def test_it_is_a_lawful_guidance():
    check_guidance(make("guidance", "perp-neg", negative=0.5), rows=3)


def test_it_runs_from_a_recipe():
    text = """
        prompt = "R"
        negative = "P"
        model = { kind = "glyphs" }
        scheduler = { kind = "ddim", steps = 2 }
        guidance = { kind = "perp-neg", positive = 3.0 }
        run = { samples = 1 }
    """
    assert compose(loads(text)).trajectory((0,)).run().isfinite().all()
