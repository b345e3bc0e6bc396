"""Ensembles: the mean of what networks say; equal ones are one, strangers are refused."""

import pytest
import torch

from superpose import Context, NoiseLevel, RecipeError, compose, inspect, loads, make, prompted
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor

RECIPE = """prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 2
{guidance}
[run]
samples = 2
"""
ENSEMBLE = '[guidance]\nkind = "ensemble"\nmodels = [{kind = "%s"}]\n%s'
CFG = 'base = {kind = "cfg", scale = 3.0}'


def images(guidance):
    return compose(loads(RECIPE.format(guidance=guidance))).stages[0].trajectory([0, 1]).run()


@pytest.mark.parametrize(("base", "plain"), [("", ""), (CFG, '[guidance]\nkind = "cfg"\nscale = 3.0\n')])
def test_two_equal_networks_are_one(base, plain):
    torch.testing.assert_close(images(ENSEMBLE % ("glyphs", base)), images(plain), atol=1e-5, rtol=0)


def test_equal_networks_are_asked_once_and_others_each():
    assert inspect(loads(RECIPE.format(guidance=ENSEMBLE % ("glyphs", "")))).total == 2
    assert inspect(loads(RECIPE.format(guidance=ENSEMBLE % ("glyphs-moved", "")))).total == 4
    assert inspect(loads(RECIPE.format(guidance=ENSEMBLE % ("glyphs-moved", CFG)))).total == 8


def test_it_is_the_weighted_mean():
    first, other = TinyPredictor(seed=0), TinyPredictor(seed=1)
    ensemble = make("guidance", "ensemble", models=(make("model", "glyphs"),), weights=(3.0, 1.0))
    bound = ensemble.bind(Context.of(first, read=lambda _: other))
    x = torch.randn((2, *first.shape), generator=torch.Generator().manual_seed(0))
    level = NoiseLevel(0, 500.0, 0.6, 0.8)
    mixed = bound.denoiser(first, first.condition("A"), first.condition(""))(x, level).clean
    one, two = (prompted(network, "A")(x, level).clean for network in (first, other))
    torch.testing.assert_close(mixed, 0.75 * one + 0.25 * two)
    alone = bound.unprompted(first, first.condition(""))(x, level).clean
    one, two = (prompted(network, "")(x, level).clean for network in (first, other))
    torch.testing.assert_close(alone, 0.75 * one + 0.25 * two)


def test_samples_do_not_know_of_each_other():
    stage = compose(loads(RECIPE.format(guidance=ENSEMBLE % ("glyphs-moved", CFG)))).stages[0]
    together, alone = stage.trajectory([0, 1, 2]).run(), stage.trajectory([1]).run()
    assert torch.equal(together[1:2], alone)


@pytest.mark.parametrize(
    ("guidance", "why"),
    [
        ("models = []", "models is empty"),
        ('models = [{kind = "glyphs"}]\nweights = [1.0]', "1 weights for 2 networks"),
        ('models = [{kind = "pictograms"}]', "pictograms has other states or noise levels than glyphs"),
        ('models = [{kind = "glyphs-cascade"}]', "sees? nothing beside the state|see nothing beside the state"),
    ],
)
def test_networks_that_make_no_ensemble_are_refused(guidance, why):
    with pytest.raises(RecipeError, match=why):
        inspect(loads(RECIPE.format(guidance=f'[guidance]\nkind = "ensemble"\n{guidance}\n')))


def test_the_law_of_guidance():
    check_guidance(make("guidance", "ensemble", models=(make("model", "gaussian"),)), rows=64)
