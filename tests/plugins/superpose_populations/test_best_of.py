"""The best of several images, by the weakest reading."""

import attrs
import pytest
import torch

import superpose
from superpose import Context
from superpose.media.sheet import readings
from superpose.recipe.subject import Subject, ViewTerm
from superpose.testing import check_population
from superpose.testing.predictors import TinyPredictor
from superpose_populations.best_of import BestOf
from superpose_populations.fk_steering import FKSteering
from superpose_populations.likelihood import Likelihood

READER = superpose.make("classifier", "glyphs-classifier")
MODEL = superpose.model("glyphs")


@pytest.mark.parametrize("kind", [BestOf, FKSteering])
def test_the_laws(kind):
    check_population(kind(classifier=READER, label="A", size=3), 3, 32, 32)


@pytest.mark.parametrize("potential", ["max", "add", "rt"])
def test_the_laws_of_every_potential(potential):
    check_population(FKSteering(classifier=READER, label="A", size=3, potential=potential), 3, 32, 32)


def test_it_is_the_best_of_so_many_plain_runs():
    """The particles are independent: the image is that of the slot whose end the classifier takes most for a B."""
    shown, ddim = superpose.prompted(MODEL, ""), superpose.make("scheduler", "ddim", steps=3)
    run = superpose.trajectory(
        shown, ddim, MODEL, batch_size=4, population=BestOf(classifier=READER, label="B", size=4)
    )
    state = run.start()
    while state.step < run.steps:
        state = run.step(state)
    reward = Likelihood.of(READER, "B", 4, Context.of(MODEL), ())(state.x)
    assert reward.unique().numel() == 4
    assert torch.equal(run.finish(state)[0], state.x[reward.argmax()])
    assert torch.equal(state.x[:1], superpose.sample(shown, ddim, MODEL, batch_size=4))


def test_the_weakest_reading_counts():
    turned = ViewTerm(view=superpose.make("view", "rotate", degrees=180), subject=Subject(prompt="V"))
    plain = ViewTerm(view=superpose.make("view", "identity"), subject=Subject(prompt="A"))
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    with torch.no_grad():
        both = Likelihood.of(READER, None, 3, Context.of(MODEL), readings(Subject(view=(plain, turned))))(x)
        logits = [READER.load().logits(seen, READER.schedule.level(0, 0)) for seen in (x, x.rot90(2, (2, 3)))]
    chance = [read.log_softmax(1)[:, READER.label(name)] for read, name in zip(logits, "AV", strict=True)]
    torch.testing.assert_close(both, torch.minimum(*chance))


def test_latents_are_decoded_before_they_are_read():
    class Latent(TinyPredictor):
        image_shape = (3, 32, 32)

        def decode(self, states):
            return states.repeat_interleave(4, 2).repeat_interleave(4, 3)

    network = Latent((3, 8, 8))
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        got = Likelihood.of(READER, "B", 2, Context.of(network), ())(x)
        want = Likelihood.of(READER, "B", 2, Context.of(MODEL), ())(network.decode(x))
    assert torch.equal(got, want)


def test_nothing_to_be_read_as_is_refused():
    population = attrs.evolve(BestOf(classifier=READER), size=2)
    with pytest.raises(superpose.RecipeError, match="nothing says what the image is to be read as: give label"):
        superpose.sample(
            superpose.prompted(MODEL, ""), superpose.make("scheduler", "ddim", steps=1), MODEL, population=population
        )


def test_images_of_another_size_are_refused():
    small = TinyPredictor((3, 8, 8))
    with pytest.raises(superpose.RecipeError, match=r"glyphs-classifier reads images of .* those here are .* use one"):
        superpose.sample(
            superpose.prompted(small, ""),
            superpose.make("scheduler", "ddim", steps=1),
            small,
            population=BestOf(classifier=READER, label="B", size=2),
        )
