"""The best of several images, by the weakest reading."""

import pytest
import torch

import superpose
from superpose import Context
from superpose.testing import check_population
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
