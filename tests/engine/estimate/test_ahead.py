"""Steps that estimates are for: told in a run, and nowhere else."""

import attrs
import pytest
import torch

import superpose
from superpose import Move, NoiseLevel
from superpose.estimate.ahead import Foresee, foreseen
from superpose.estimate.batching import evaluate
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.memory import Ledger
from superpose.testing.predictors import TinyPredictor

NETWORK = TinyPredictor((3, 8, 8))


@attrs.frozen(eq=False)
class Curious(Denoiser):
    """Keeps what it is told of each step."""

    inner: Denoiser
    told: list = attrs.field(factory=list)

    def estimate(self, x, level):
        self.told.append((yield from foreseen(self)))
        return (yield from self.inner.estimate(x, level))


def asked(scheduler, wrap=lambda denoiser: denoiser, **options):
    curious = Curious(superpose.prompted(NETWORK, ""))
    run = superpose.trajectory(wrap(curious), scheduler, NETWORK, samples=2, **options)
    run.run()
    # What probes the law before asks outside a run.
    return [ahead for ahead in curious.told if ahead is not None], run


def test_a_run_tells_the_weights_and_the_noise_of_the_step_to_come():
    told, run = asked(superpose.make("scheduler", "ddpm", steps=3))
    state, x = run.start(), []
    while state.step < run.steps:
        x.append(state.x)
        state = run.step(state)
        here, there = run.plan.levels[state.step - 1 : state.step + 1]
        move = run.scheduler.move(here, there)
        ahead = told[state.step - 1]
        assert ahead.move == move
        assert ahead.reverses
        got = move.on_state * x[-1] + move.on_clean * state.clean + move.fresh * ahead.noise()
        torch.testing.assert_close(got, state.x, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("kind", "options"), [("heun", {}), ("dpmpp", {}), ("ddim", {"eta": 0.5}), ("ddim", {})])
def test_other_steps_reverse_no_process(kind, options):
    told, _ = asked(superpose.make("scheduler", kind, steps=3, **options))
    assert not any(ahead.reverses for ahead in told[:-1])
    assert (told[0].move is None) == (kind != "ddim")


def test_outside_a_run_nobody_says_it():
    curious = Curious(superpose.prompted(NETWORK, ""))
    evaluate(curious, torch.zeros(1, 3, 8, 8), NoiseLevel(0, 500.0, 0.6, 0.8))
    assert curious.told == [None]
    assert Ledger(curious).answer(Foresee(curious)) is None


def test_only_the_whole_is_outermost():
    ddpm = superpose.make("scheduler", "ddpm", steps=2)
    plain, _ = asked(ddpm, clip=superpose.NoClip())
    inside, _ = asked(ddpm, lambda it: superpose.guided(it, superpose.prompted(NETWORK, "cat"), 2.0))
    assert [ahead.outermost for ahead in plain] == [True, True]
    assert [ahead.outermost for ahead in inside] == [False, False]


def test_no_noise_goes_onto_the_clean_end():
    here, there = NoiseLevel(0, 2.0, 0.6, 0.8), NoiseLevel(1, -1.0, 1.0, 0.0)
    for kind in ("ddpm", "ddim", "euler-ancestral"):
        assert superpose.make("scheduler", kind).move(here, there) == Move(0.0, 1.0, 0.0)
