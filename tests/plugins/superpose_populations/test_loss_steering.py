"""FK steering by any loss, a third party's as well, also of pictures that are decoded first."""

import attrs
import pytest
import torch

import superpose
from mixtures import mixture, network, swarm_at_the_end, total_variation
from superpose import BoundLoss, Context, Loss, RecipeError, inspect, loads
from superpose.testing import check_population
from superpose.testing.predictors import TinyPredictor
from superpose_losses.colour import Colour
from superpose_populations.fk_steering import FKSteering
from superpose_populations.loss_steering import LossSteering


@attrs.frozen(kw_only=True)
class Upward(Loss):
    """A loss that no plugin of ours has: half the square of the distance of the mean from 1."""

    kind = "upward"

    def bind(self, shape, device="cpu"):
        return Below()


class Below(BoundLoss):
    def of(self, x):
        return ((x.double().mean((1, 2, 3)) - 1).square() / 2).to(x.dtype)


def test_the_laws():
    check_population(LossSteering(loss=Upward(), size=3), 3, 8, 8)
    check_population(LossSteering(loss=Colour(), size=3, potential="max"), 3, 8, 8)


def test_it_draws_what_bayes_rule_says():
    r"""Of a mixture, times :math:`\exp(-4 L)`."""
    mixed = mixture([0.6, 0.4], [-1.0, 1.0], [0.2, 0.3])
    mine = network(mixed)
    ddpm = superpose.make("scheduler", "ddpm", steps=400)
    population = LossSteering(loss=Upward(), size=4096, scale=4.0, every=1)
    values, weights, _ = swarm_at_the_end(superpose.prompted(mine, ""), ddpm, mine, population, 0)

    def log_density(y):
        return mixed.log_density(y[:, None]) - 2 * (y - 1).square()

    assert total_variation(values, weights, log_density) < 0.05
    assert total_variation(values, weights, lambda y: mixed.log_density(y[:, None])) > 0.4


def test_latents_are_decoded_before_they_are_judged():
    class Latent(TinyPredictor):
        image_shape = (3, 16, 16)

        def decode(self, states):
            return states.repeat_interleave(2, 2).repeat_interleave(2, 3)

    latent = Latent((3, 8, 8))
    reward = LossSteering(loss=Colour(), size=2).bind(Context.of(latent), ()).reward
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(reward(x), -Colour().bound_to((3, 16, 16)).of(latent.decode(x)))


def test_it_is_fk_steering_in_all_but_the_reward():
    names = {field.name for field in attrs.fields(FKSteering)} - {"classifier", "label"}
    assert {field.name for field in attrs.fields(LossSteering)} == names | {"loss"}
    assert [LossSteering(loss=Upward(), every=4).weighs(step, 10) for step in range(10)] == [
        FKSteering(classifier=superpose.make("classifier", "glyphs-classifier"), every=4).weighs(step, 10)
        for step in range(10)
    ]


UNKNOWN = '{ kind = "classifier", label = "?!", classifier = { kind = "glyphs-classifier" } }'
RECIPE = """
prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddpm"
steps = 4
[population]
kind = "loss-steering"
loss = {loss}
"""


def test_a_loss_that_does_not_fit_is_refused_before_any_weight_is_read():
    inspect(loads(RECIPE.format(loss='{ kind = "colour" }')))
    with pytest.raises(RecipeError, match=r"population\.loss\.label: "):
        inspect(loads(RECIPE.format(loss=UNKNOWN)))
