"""Compositions of prompts give the numbers of composable diffusion, which samples with networks of guided-diffusion."""

import json

import pytest
import torch

from guided_runs import FIXTURES, A, Recorded, agree, model_of, read
from superpose import Clipped, ComposeTerm, ComposeTerms, Recipe, Subject, Trajectory, compose, dumps, loads, make

CASE = "cd_a_composable"
RUNS = {run["name"]: run for run in json.loads((FIXTURES / CASE / "case.json").read_text())["runs"]}


def recipe_of(run):
    """The recipe of a recorded run: its last label is what is said without a prompt."""
    *labels, nothing = map(str, run["labels"])
    terms = [
        (weight, ComposeTerm(weight=abs(weight), subject=Subject(prompt=label)))
        for label, weight in zip(labels, run["weights"], strict=True)
    ]
    composed = ComposeTerms(
        conjuncts=[term for weight, term in terms if weight > 0], negated=[term for weight, term in terms if weight < 0]
    )
    steps = run["respacing"].removeprefix("ddim")
    grid = "ddim-openai" if run["sampler"] == "ddim" else "openai"
    return Recipe(
        model=model_of(A),
        scheduler=make("scheduler", run["sampler"], grid=grid, steps=int(steps)),
        subject=Subject(compose=composed, negative=nothing),
    )


@pytest.mark.parametrize("name", RUNS)
def test_recorded_runs(name):
    about, given, want = read(CASE)
    run = RUNS[name]
    recipe = recipe_of(run)
    assert loads(dumps(recipe)) == recipe
    [stage] = compose(recipe).stages
    noise = Recorded({key: value[:1] if "x_T" in key else value for key, value in given.items()}, name)
    assert isinstance(stage.denoiser, Clipped)
    mix, start = stage.denoiser.inner, stage.plan.asked(0)
    x = given[f"{name}/x_T"][:1]
    noise_said = (x - start.alpha * mix(x, start).clean) / start.sigma
    agree(about, f"{name}/first_eps", noise_said, want[f"{name}/first_eps"])
    # In the order of the original the variance is that of the first condition, which none of these negates.
    trajectory = Trajectory(stage.denoiser, recipe.scheduler, stage.plan, noise)
    state, states = trajectory.start(), []
    while state.step < trajectory.steps:
        state = trajectory.step(state)
        states.append(state.x)
    agree(about, f"{name}/samples", torch.cat(states), want[f"{name}/samples"])
    agree(about, f"{name}/pred_xstart", state.clean, want[f"{name}/pred_xstart"])
