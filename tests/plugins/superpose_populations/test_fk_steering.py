"""FK steering against the authors' program, and against a posterior that is known."""

import math

import pytest
import torch

import superpose
from recorded_posteriors import Case
from superpose import Estimate, NoiseLevel, Transition
from superpose.sampling.swarm import Swarm, taken
from superpose_populations.fk_steering import FKSteering, Steering

CASE = Case("fk_a_steering")
COUNT, STEPS = CASE.about["config"]["particles"], CASE.about["config"]["steps"]
HERE, THERE = NoiseLevel(0, 1.0, 0.8, 0.6), NoiseLevel(1, 0.0, 0.9, 0.4)
READER = superpose.make("classifier", "glyphs-classifier")


def reward(states):
    return -(states.flatten(1) - CASE.given["target"]).square().sum(1) / CASE.about["config"]["dim"]


class Recorded:
    """Their chain, moved by our swarm; ancestors are drawn from the recorded uniforms as they draw them."""

    def __init__(self, name, forgetful=False):
        told = CASE.runs[name]["args"]
        self.adaptive = told["adaptive_resampling"]
        self.forgetful = forgetful
        start, stop = told["resampling_t_start"] / STEPS, (told["resampling_t_end"] + 1) / STEPS
        self.options = {"every": told["resample_frequency"], "start": start, "stop": stop}
        least = told.get("reward_min_value", -math.inf)
        self.potential = Steering(reward, told["potential_type"], told["lmbda"], least)
        self.rows = iter(CASE.given["u"])
        self.weights, self.indices, self.xs = [], [], []
        self.resampled = []

    def ancestors(self, log_weights, uniform):
        del uniform
        weights = log_weights.exp()
        points = next(self.rows).double()[None]
        return torch.searchsorted(weights.cumsum(1) / weights.sum(), points, right=True)

    def run(self):
        x, particles = CASE.given["x_start"], None
        for step in range(STEPS):
            x = 0.8 * x + 0.5 * CASE.given["noise"][step]
            if self.kind(1.0).weighs(step, STEPS):
                x, particles = self.weighed(step, x, particles)
            self.xs.append(x)
        return particles

    def kind(self, share):
        return FKSteering(classifier=READER, size=COUNT, resample=share, **self.options)

    def weighed(self, step, x, particles):
        # They go by the effective size where they are told to, and in the last step always.
        share = 0.5 if self.adaptive or step == STEPS - 1 else 1.0
        swarm = Swarm(self.kind(share), self.potential, superpose.Noise(0, (0,), (1, 1, 1)), self.drawn)
        states = x[..., None, None]
        estimate = Estimate(states / (1 + (STEPS - 1 - step) / STEPS))
        begun = particles or swarm.begun(states)
        self.due = step
        after, rows = swarm.weighed(begun, Transition(step, STEPS, HERE, THERE, states, states, estimate))
        few = after.sizes[0, -1] < share * COUNT
        if not few and self.forgetful:
            reward_so_far = after.memory[0]
            spent = begun.memory[1] if begun.memory else torch.zeros(COUNT)
            after = after._replace(log_weights=after.log_weights * 0, memory=(reward_so_far, spent))
        if few:
            self.resampled.append(step)
        return taken(x, rows), after

    def drawn(self, log_weights, uniform):
        # The swarm asks for ancestors before it knows whether it needs them; a row of theirs is used up only then.
        size = 1 / log_weights.softmax(1).square().sum()
        share = 0.5 if self.adaptive or self.due == STEPS - 1 else 1.0
        if size >= share * COUNT:
            return torch.arange(COUNT)[None]
        found = self.ancestors(log_weights, uniform)
        self.weights.append(log_weights.exp()[0])
        self.indices.append(found[0])
        return found


@pytest.mark.parametrize("name", ["diff", "max", "add", "rt"])
def test_it_is_the_authors_program(name):
    run = Recorded(name)
    particles = run.run()
    assert run.resampled == CASE.wanted[f"{name}/resampled_at"].tolist()
    CASE.agree(f"{name}/x", torch.stack(run.xs))
    CASE.agree(f"{name}/weights", torch.stack(run.weights).float())
    CASE.agree(f"{name}/indices", torch.stack(run.indices))
    rewards, spent = particles.memory
    CASE.agree(f"{name}/population_rewards", rewards)
    if STEPS - 1 in run.resampled:  # otherwise theirs is without the last
        CASE.agree(f"{name}/product_of_potentials", spent.exp())


@pytest.mark.parametrize("name", ["max_adaptive", "diff_adaptive"])
def test_but_for_the_weights_that_it_drops_where_it_does_not_resample(name):
    """Theirs are forgotten then, so that a good particle has no better chance later; that is the whole difference."""
    forgetful = Recorded(name, forgetful=True)
    forgetful.run()
    assert forgetful.resampled == CASE.wanted[f"{name}/resampled_at"].tolist()
    CASE.agree(f"{name}/x", torch.stack(forgetful.xs))
    CASE.agree(f"{name}/weights", torch.stack(forgetful.weights).float())


@pytest.mark.parametrize("potential", ["diff", "max", "add", "rt"])
def test_all_weights_of_a_path_make_a_function_of_its_end(potential):
    """Without resampling, log W is lambda r of the end: of the last image, their maximum, or their sum."""
    generator = torch.Generator().manual_seed(0)
    seen = torch.randn(5, 6, 1, 1, 1, generator=generator)
    steering, memory, total = Steering(lambda x: x.flatten(1)[:, 0], potential, 2.0), (), torch.zeros(6)
    for index, states in enumerate(seen):
        made = Transition(index, 5, HERE, THERE, states, states, Estimate(states))
        added, memory = steering.weigh(made, memory)
        total = total + added
    end = {"diff": seen[-1], "rt": seen[-1], "max": seen.amax(0), "add": seen.sum(0)}[potential].flatten()
    torch.testing.assert_close(total, 2 * end)


def test_in_the_end_the_image_itself_is_judged():
    states = torch.ones(2, 1, 1, 1)
    clean = NoiseLevel(2, -1.0, 1.0, 0.0)
    made = Transition(4, 5, HERE, clean, states, states * 3, Estimate(states * 7))
    added, _ = Steering(lambda x: x.flatten(1)[:, 0]).weigh(made, ())
    assert added.tolist() == [3, 3]


def test_it_weighs_every_so_manieth_step_and_the_last():
    population = FKSteering(classifier=READER, every=4, start=0.25, stop=0.75)
    assert [step for step in range(20) if population.weighs(step, 20)] == [5, 9, 13, 19]
