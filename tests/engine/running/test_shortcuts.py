"""Shortcuts for Python: kinds by name, and the same refusals as recipes have."""

import attrs
import pytest
import torch

import superpose
from superpose import Denoiser, Estimate, LawError, Process, RecipeError, StaticClip, make, prompted, sample
from superpose.testing.predictors import TinyPredictor

DDIM = make("scheduler", "ddim", steps=2)


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (("scheduler", "ddmi"), {}, "no such scheduler 'ddmi'; did you mean 'ddim'"),
        (("schedular", "ddim"), {}, "no such role 'schedular'; did you mean 'scheduler'"),
        (("scheduler", "ddim"), {"steps": 0}, "scheduler 'ddim': must be at least 1, got 0"),
        (("scheduler", "ddim"), {"step": 3}, "scheduler 'ddim': .*unexpected keyword argument 'step'"),
        (("view", "jigsaw"), {"seed": "a"}, "view 'jigsaw'"),
    ],
)
def test_what_can_not_be_made(arguments, options, says):
    with pytest.raises(RecipeError, match=says):
        make(*arguments, **options)


def test_samples_are_numbered():
    network = TinyPredictor((3, 8, 8))
    cat = prompted(network, "cat")
    many = sample(cat, DDIM, network, samples=4, seed=3, batch_size=2)
    chosen = sample(cat, DDIM, network, samples=(2, 0), seed=3, batch_size=2)
    assert torch.equal(chosen, many[[2, 0]])
    assert not torch.equal(many, sample(cat, DDIM, network, samples=4, seed=4, batch_size=2))


def test_stepping_by_hand_is_the_run():
    network = TinyPredictor((3, 8, 8))
    trajectory = superpose.trajectory(prompted(network, "cat"), DDIM, network, clip=StaticClip())
    state = trajectory.start()
    while state.step < trajectory.steps:
        state = trajectory.step(state)
    assert torch.equal(trajectory.finish(state), trajectory.run())


@attrs.frozen(eq=False)
class Doubled(Denoiser):
    """Twice what another says: no lawful denoiser."""

    inner: Denoiser

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        return Estimate(estimate.clean * 2)


def test_what_is_not_lawful_is_refused_before_it_runs():
    network = TinyPredictor((3, 8, 8))
    with pytest.raises(LawError, match="lawful"):
        sample(Doubled(prompted(network, "cat")), DDIM, network)
    assert network.blocks == []


class Masked(Process):
    """Another process."""

    name = "masked"

    def start(self, noise, level):
        raise AssertionError

    def climb(self, x, here, there, noise):
        raise AssertionError

    def read(self, parameterization, output, x, level):
        return output


def test_kinds_of_another_process_are_refused_by_their_names():
    network = TinyPredictor((3, 8, 8))
    network.process = Masked()
    with pytest.raises(RecipeError, match="ddim is for gaussian noise, and that of the model is masked: no scheduler"):
        sample(prompted(network, "cat"), DDIM, network)


def test_a_scheduler_that_can_not_read_the_variance_says_so():
    network = TinyPredictor((3, 8, 8))
    scheduler = make("scheduler", "ddpm", steps=2, variance="learned")
    with pytest.raises(RecipeError, match=r"variance: variance = 'learned', but this network learned no variance"):
        sample(prompted(network, "cat"), scheduler, network)
