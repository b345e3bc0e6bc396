"""PSLD: DPS where states are pictures; for latents down both slopes, through decoder and encoder."""

from pathlib import Path

import pytest
import torch

from superpose import Canvas, RecipeError, inspect, load, make, prompted, refuse, sample
from superpose.testing.gaussian import GaussianImages
from superpose_constraints.dps import Slope
from superpose_constraints.psld import Glued
from superpose_operators.bound.masked import Masked

RECIPE = Path(__file__).parents[3] / "recipes" / "methods" / "psld.toml"
SHAPE = (1, 4, 4)
SEEN = torch.ones(SHAPE)
SEEN[:, :, 2:] = 0
OPERATOR = Masked(SHAPE, SEEN)
OBSERVED = OPERATOR.apply(torch.linspace(-1, 1, 16).view(1, *SHAPE))


class Doubled(GaussianImages):
    """States are pictures, halved and turned on their side."""

    image_shape = SHAPE

    def encode(self, images):
        return images.transpose(2, 3) / 2

    def decode(self, states):
        return states.transpose(2, 3) * 2


def made(rule, network=None, **options):
    network = network or GaussianImages(SHAPE)
    scheduler = make("scheduler", "ddim", steps=30, eta=1.0)
    return sample(prompted(network, ""), scheduler, network, samples=4, constraints=[rule], **options)


def test_it_is_dps_where_states_are_pictures_and_nothing_glues():
    told = {"operator": OPERATOR, "observed": OBSERVED, "scale": 0.7}
    torch.testing.assert_close(made(Glued(gluing=0.0, **told)), made(Slope(**told)))


def test_both_slopes_are_those_of_their_formula():
    """One step of a decoder that is a matrix, by hand."""
    network = Doubled(SHAPE)
    rule = Glued(operator=OPERATOR, observed=OBSERVED, predictor=network, scale=0.3, gluing=0.2)
    denoiser = rule.wrap(prompted(network, ""))
    level = make("scheduler", "ddim", steps=4).plan(network.schedule).levels[2]
    z = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(0))
    moved = denoiser(z, level).displacement

    def distance(one):
        clean = prompted(network, "")(one, level).clean
        picture = 2 * clean.transpose(2, 3)
        gap = (OBSERVED - picture) * SEEN
        again = (picture + gap).transpose(2, 3) / 2
        return float(0.3 * gap.norm() + 0.2 * (clean - again).norm())

    step = 1e-2
    for i in range(3):
        for place in (0, 5, 14):
            ahead, back = z[i : i + 1].clone(), z[i : i + 1].clone()
            ahead.view(-1)[place] += step
            back.view(-1)[place] -= step
            slope = (distance(ahead) - distance(back)) / (2 * step)
            assert float(-moved[i].view(-1)[place]) == pytest.approx(slope, abs=2e-3), (i, place)


def test_what_was_observed_of_the_picture_is_found():
    network = Doubled(SHAPE)
    rule = Glued(operator=OPERATOR, observed=OBSERVED, predictor=network, scale=0.3)
    off = ((made(rule, network) - OBSERVED) * SEEN).square().mean().sqrt()
    free = ((made(Glued(operator=OPERATOR, observed=OBSERVED, scale=1e-9, gluing=0.0)) - OBSERVED) * SEEN).square()
    assert float(off) < 0.3 * float(free.mean().sqrt())


def test_samples_do_not_know_of_each_other():
    network = Doubled(SHAPE)
    rule = Glued(operator=OPERATOR, observed=OBSERVED, predictor=network)
    scheduler = make("scheduler", "ddim", steps=5, eta=1.0)
    told = (prompted(network, ""), scheduler, network)
    both = sample(*told, samples=2, constraints=[rule], batch_size=2)
    alone = sample(*told, samples=(1,), constraints=[rule], batch_size=2)
    assert torch.equal(both[1], alone[0])


def test_the_recipe_is_of_latents_and_is_right_before_weights_are_read():
    recipe = load(RECIPE)
    assert recipe.model.shape != recipe.model.image_shape
    assert inspect(recipe).evaluations == recipe.scheduler.steps


def test_others_name_it_where_latents_are_painted(tmp_path):
    canvas = Canvas((4, 8, 8), image_shape=(3, 32, 32))
    rule = make("constraint", "dps", operator=make("operator", "grey"), observed=tmp_path / "y.png")
    with pytest.raises(RecipeError, match=r"dps observes pictures, and this model paints latents: .* psld"):
        refuse(rule.problems(canvas))
