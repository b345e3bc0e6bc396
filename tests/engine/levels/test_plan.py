"""Steps beside levels: a denoiser anywhere in a tree is told the step that it is asked in."""

import copy
import pickle

import attrs
import pytest
import torch

from superpose import (
    Denoiser,
    Mix,
    Plan,
    Prompted,
    StepInfo,
    Term,
    factorized,
    guided,
    invert,
    make,
    trajectory,
    viewed,
)
from superpose.plugins import load_plugins
from superpose.testing.predictors import TinyPredictor

#: Those that go by no file.
SCHEDULERS = sorted(set(load_plugins().kinds("scheduler")) - {"flow-euler", "dds"})


@attrs.frozen(eq=False)
class Listening(Denoiser):
    inner: Denoiser
    heard: list = attrs.field(factory=list)

    def estimate(self, x, level):
        self.heard.append((level, level.step))
        return (yield from self.inner.estimate(x, level))


@attrs.frozen(eq=False)
class Strange(Denoiser):
    """Written by somebody who has never heard of steps."""

    inner: Denoiser

    def estimate(self, x, level):
        first = yield from self.inner.estimate(x, level)
        return (yield from self.inner.estimate(0.5 * x + 0.5 * level.alpha * first.clean, level))


def buried(network):
    """A denoiser that listens, under one of every combinator."""
    listening = Listening(Prompted(network, network.condition("cat")))
    other = Prompted(network, network.condition("dog"))
    tree = viewed([(make("view", "flip"), guided(Strange(listening), other, 3.0)), (make("view", "identity"), other)])
    tree = factorized(make("decomposition", "hybrid"), [tree, other])
    return listening, Mix((Term(tree, 0.5), Term(other, 0.5)))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_question_of_a_run_is_told_its_step(scheduler):
    network = TinyPredictor()
    listening, tree = buried(network)
    run = trajectory(tree, make("scheduler", scheduler, steps=4), network, clip=make("clip", "static"))
    listening.heard.clear()  # the law has been probed
    steps, levels = [], run.plan.levels
    state = run.start()
    while state.step < run.steps:
        before = len(listening.heard)
        state = run.step(state)
        steps += [state.step - 1] * (len(listening.heard) - before)
    want = [StepInfo(levels[step], levels[step + 1], step, run.steps) for step in steps]
    assert [step for _, step in listening.heard] == want
    assert sorted(set(steps)) == list(range(run.steps))


def test_a_level_is_the_same_level_in_any_step():
    plan = make("scheduler", "ddim", steps=4).plan(TinyPredictor().schedule)
    level = plan.levels[1]
    asked = level.asked_in(plan.step_info(1))
    assert level.step is None
    assert asked == level
    assert hash(asked) == hash(level)
    assert asked.asked_in(plan.step_info(2)).step.index == 2
    assert asked.step.index == 1
    for same in (copy.deepcopy(asked), pickle.loads(pickle.dumps(asked))):
        assert (same, same.step) == (level, plan.step_info(1))


def test_climbs_count():
    plan = make("scheduler", "ddim", steps=3).plan(TinyPredictor().schedule)
    a, b, c, end = plan.levels
    climbing = Plan.of([a, b, a, b, c, end])
    network = TinyPredictor()
    listening = Listening(Prompted(network, network.condition("cat")))
    run = trajectory(listening, make("scheduler", "ddim", steps=3), network)
    listening.heard.clear()
    attrs.evolve(run, plan=climbing).run()
    assert [(step.index, step.total) for _, step in listening.heard] == [(0, 5), (2, 5), (3, 5), (4, 5)]


@pytest.mark.parametrize("to_noise", [True, False])
def test_inversion_asks_in_the_step_that_the_plan_asks_in_at_that_level(to_noise):
    network = TinyPredictor()
    listening = Listening(Prompted(network, network.condition("cat")))
    plan = make("scheduler", "ddim", steps=4).plan(network.schedule)
    invert(listening, torch.zeros(1, 3, 8, 8), plan, to_noise=to_noise)
    want = [(plan.levels[step], plan.step_info(step)) for step in (3, 2, 1, 0)][: 4 if to_noise else 3]
    assert listening.heard == want


def test_nobody_knows_a_step_outside_of_a_plan():
    network = TinyPredictor()
    listening = Listening(Prompted(network, network.condition("cat")))
    levels = make("scheduler", "ddim", steps=4).plan(network.schedule).levels
    listening(torch.zeros(1, 3, 8, 8), levels[0])
    invert(listening, torch.zeros(1, 3, 8, 8), [levels[2], levels[1]])
    assert [step for _, step in listening.heard] == [None, None, None]
