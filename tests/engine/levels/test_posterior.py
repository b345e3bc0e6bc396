"""Coefficients of respaced processes, against the tables that guided-diffusion computed (case gd_g_schedules)."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from superpose import TableSchedule, plan_of
from superpose.levels.posterior import posterior

CASE = Path(__file__).parents[2] / "fixtures" / "gd_g_schedules"
RUNS = {run["name"]: run["diffusion"] for run in json.loads((CASE / "case.json").read_text())["runs"]}


def times_of(schedule, respacing):
    if respacing.startswith("ddim"):
        return plan_of(schedule, "ddim-openai", int(respacing[4:]))
    counts = [int(count) for count in respacing.split(",")]
    return plan_of(schedule, "openai", 1, sections=counts)


@pytest.mark.parametrize("name", RUNS)
def test_coefficients_are_those_of_guided_diffusion(name):
    run, stated = RUNS[name], json.loads((CASE / "case.json").read_text())["outputs"]
    schedule = TableSchedule.named(run["noise_schedule"], run["steps"])
    plan = times_of(schedule, run["timestep_respacing"])
    kept = [int(level.t) for level in plan.levels[:-1]]
    got = posterior(schedule, kept)
    recorded = {
        key: value for key, value in load_file(CASE / "outputs.safetensors").items() if key.startswith(f"{name}/")
    }
    assert len(recorded) == 7, sorted(recorded)
    for key, want in recorded.items():
        array = "timesteps" if key.endswith("timestep_map") else key.split("/")[1]
        close = np.abs(getattr(got, array) - want) <= stated[key]["atol"] + stated[key]["rtol"] * np.abs(want)
        assert close.all(), f"{key} at {np.flatnonzero(~close)[:5]}"
        # The originals are float64 rounded to float32: ours are as close as that rounding.
        assert np.allclose(getattr(got, array), want, rtol=2e-7, atol=1e-9), key


def test_unrespaced_betas_are_the_schedule_s_own():
    schedule = TableSchedule.named("cosine")
    assert np.allclose(posterior(schedule).betas, schedule.betas, rtol=1e-12, atol=0)


def test_mean_coefficients_give_back_a_noiseless_path():
    # x_t = sqrt(bar_t) x0 without noise must have the mean sqrt(bar_s) x0.
    for name in ("linear", "cosine", "scaled_linear"):
        q = posterior(TableSchedule.named(name), range(0, 1000, 40))
        mean = q.posterior_mean_coef1 + q.posterior_mean_coef2 * np.sqrt(q.alphas_cumprod)
        assert np.allclose(mean[1:], np.sqrt(q.alphas_cumprod[:-1]), rtol=1e-10, atol=0), name


@pytest.mark.parametrize("times", [[5], [], [0, 1000], [-1, 5]])
def test_times_that_make_no_process_are_refused(times):
    with pytest.raises(ValueError, match="keeps 2 or more times from 0 to 999, got"):
        posterior(TableSchedule.named("linear"), times)
