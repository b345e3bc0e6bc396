"""Moves between levels of respaced processes, against tables of guided-diffusion (case gd_g_schedules)."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from superpose import TableSchedule, ancestral, make, plan_of, posterior_variance
from superpose.sampling.transition import added_variance, follows_flow

CASE = Path(__file__).parents[2] / "fixtures" / "gd_g_schedules"
RUNS = {run["name"]: run["diffusion"] for run in json.loads((CASE / "case.json").read_text())["runs"]}


def moves_of(schedule, respacing):
    """The moves of a plan as (here, there), the last, to the clean image, first."""
    if respacing.startswith("ddim"):
        plan = plan_of(schedule, "ddim-openai", int(respacing[4:]))
    else:
        plan = plan_of(schedule, "openai", 1, sections=[int(count) for count in respacing.split(",")])
    return list(pairwise(plan.levels))[::-1]


def tables_of(moves):
    """By the names that guided-diffusion gives them."""
    variances = [posterior_variance(here, there) for here, there in moves]
    weights = [ancestral(here, there, 1.0) for here, there in moves]
    return {
        "timestep_map": [here.t for here, _ in moves],
        "betas": [added_variance(here, there) for here, there in moves],
        "alphas_cumprod": [here.alpha**2 for here, _ in moves],
        "posterior_variance": variances,
        "posterior_log_variance_clipped": np.log([variances[1], *variances[1:]]),
        "posterior_mean_coef1": [on_clean for _, on_clean, _ in weights],
        "posterior_mean_coef2": [on_x for on_x, _, _ in weights],
    }


@pytest.mark.parametrize("name", RUNS)
def test_moves_are_those_of_guided_diffusion(name):
    run, stated = RUNS[name], json.loads((CASE / "case.json").read_text())["outputs"]
    schedule = TableSchedule.named(run["noise_schedule"], run["steps"])
    got = tables_of(moves_of(schedule, run["timestep_respacing"]))
    recorded = {
        key: value for key, value in load_file(CASE / "outputs.safetensors").items() if key.startswith(f"{name}/")
    }
    assert {key.split("/")[1] for key in recorded} == got.keys()
    for key, want in recorded.items():
        values = np.array(got[key.split("/")[1]])
        close = np.abs(values - want) <= stated[key]["atol"] + stated[key]["rtol"] * np.abs(want)
        assert close.all(), f"{key} at {np.flatnonzero(~close)[:5]}"
        # The originals are float64 rounded to float32: ours are as close as that rounding.
        assert np.allclose(values, want, rtol=2e-7, atol=1e-9), key


def test_a_noiseless_path_keeps_its_image():
    """The mean of what :math:`x_t = \\alpha_t x_0` comes from is :math:`\\alpha_s x_0`."""
    for name in ("linear", "cosine", "scaled_linear"):
        for here, there in moves_of(TableSchedule.named(name), "25"):
            on_x, on_clean, _ = ancestral(here, there, 1.0)
            assert math.isclose(on_x * here.alpha + on_clean, there.alpha, rel_tol=1e-10), name


@pytest.mark.parametrize(("eta", "flows"), [(0.0, True), (0.5, False), (1.0, False)])
def test_a_flow_is_one_whether_its_plan_climbs_or_not(eta, flows):
    scheduler = make("scheduler", "ddim", steps=4, eta=eta)
    down = scheduler.plan(TableSchedule.named("linear")).levels
    for levels in (down, [*down, *down[2:]]):  # back up from the clean end, and down again
        assert follows_flow(scheduler, levels) == flows
