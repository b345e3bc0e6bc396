"""Grids against diffusers: the lists recorded in case df_b_schedulers, and its schedulers for drawn step counts.

Its tables are in float32, so are ours here; its levels then differ by the rounding of float32 arithmetic.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from superpose import FlowSchedule, TableSchedule, plan_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # diffusers warns about other libraries while it is imported
    import diffusers

CASE = Path(__file__).parents[2] / "fixtures" / "df_b_schedulers" / "case.json"
RUNS = {run["name"]: run for run in json.loads(CASE.read_text())["runs"]}
NAMES = {"squaredcos_cap_v2": "cosine"}
DPM = ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")
EULER = ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "LMSDiscreteScheduler")
FLOW = "FlowMatchEulerDiscreteScheduler"
#: Its pseudo-Runge-Kutta visits each time up to four times, from within the method: no grid.
NO_GRID = {"pndm_prk"}


def schedule_of(kind, config):
    if kind == FLOW:
        return FlowSchedule(shift=config["shift"], steps=config["num_train_timesteps"])
    name = NAMES.get(config["beta_schedule"], config["beta_schedule"])
    bounds = () if name == "cosine" else (config["beta_start"], config["beta_end"])
    table = TableSchedule.named(name, config["num_train_timesteps"], *bounds, precision="float32")
    return table.zero_terminal_snr() if config.get("rescale_betas_zero_snr") else table


def grid_of(kind, config):
    """Our name of a diffusers scheduler's grid, with its options."""
    if kind == FLOW:
        return "flow-diffusers", {}
    if config.get("use_karras_sigmas"):
        return ("karras-rounded" if kind in DPM else "karras"), {}
    if config.get("use_exponential_sigmas"):
        return "exponential", {}
    if config["timestep_spacing"] == "trailing":
        return "trailing", {}
    if config["timestep_spacing"] == "leading":
        return ("leading-dpm" if kind in DPM else "leading"), {"offset": config["steps_offset"]}
    return ("linspace-dpm" if kind in DPM else "linspace-fractional" if kind in EULER else "linspace"), {}


def plan_like(kind, config, steps, timesteps=()):
    grid, options = grid_of(kind, config)
    first = config.get("final_sigmas_type") == "sigma_min" or config.get("set_alpha_to_one") is False
    if timesteps:
        grid, options = "trailing", {"timesteps": timesteps}
    return plan_of(schedule_of(kind, config), grid, steps, final="first" if first else "zero", **options)


def once(values):
    """Each value once, as Heun and PLMS ask the network twice at a time."""
    return [value for i, value in enumerate(values) if not i or value != values[i - 1]]


def compare(plan, kind, timesteps, sigmas, case):
    times = [level.t for level in plan.levels[: len(timesteps)]]
    assert times == pytest.approx(timesteps, rel=2e-6, abs=2e-3), case
    if sigmas is not None:
        levels = [level.sigma if kind == FLOW else level.ratio for level in plan.levels]
        assert levels == pytest.approx(sigmas, rel=5e-6, abs=1e-9), case


@pytest.mark.parametrize("name", [name for name in RUNS if name not in NO_GRID])
def test_recorded_grids(name):
    run = RUNS[name]
    kind, config = run["scheduler"]["class"], run["scheduler"]["config"]
    plan = plan_like(kind, config, run["num_inference_steps"], run["set_timesteps_kwargs"].get("timesteps", ()))
    sigmas = run["scheduler"].get("sigmas")
    timesteps = once(run["scheduler"]["timesteps"])
    assert plan.steps == len(timesteps), name
    compare(plan, kind, timesteps, sigmas and once(sigmas), name)


def made(kind, options, steps):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = getattr(diffusers, kind)(**options)
        scheduler.set_timesteps(steps)
    return scheduler


@settings(max_examples=60)
@given(
    st.sampled_from(["DDIMScheduler", "DDPMScheduler", *DPM, *EULER]),
    st.sampled_from(["leading", "trailing", "linspace"]),
    st.sampled_from(["linear", "scaled_linear", "squaredcos_cap_v2"]),
    st.sampled_from([250, 1000]),
    st.integers(2, 240),
)
def test_drawn_grids(kind, spacing, betas, total, steps):
    options = {"num_train_timesteps": total, "timestep_spacing": spacing, "beta_schedule": betas}
    options |= {"beta_start": 0.0008, "beta_end": 0.013}
    theirs = made(kind, options, steps)
    plan = plan_like(kind, dict(theirs.config), steps)
    # The trailing times of diffusers go on to -1 for some step counts: ours are as many as asked.
    timesteps = [t for t in once(theirs.timesteps.tolist()) if t >= 0]
    has_sigmas = hasattr(theirs, "sigmas") and len(once(theirs.sigmas.tolist())) == len(timesteps) + 1
    sigmas = once(theirs.sigmas.tolist()) if has_sigmas else None
    assert plan.steps == len(timesteps), (kind, options, steps)
    if betas == "squaredcos_cap_v2" and sigmas:
        # 1 - alpha-bar in float32 loses three digits where alpha-bar is near 1 and near 0.
        assert [m.ratio for m in plan.levels] == pytest.approx(sigmas, rel=2e-3), (kind, options, steps)
        sigmas = None
    compare(plan, kind, timesteps, sigmas, (kind, options, steps))


@settings(max_examples=30)
@given(st.sampled_from(EULER), st.sampled_from(["use_karras_sigmas", "use_exponential_sigmas"]), st.integers(2, 300))
def test_drawn_levels_of_karras_and_exponential(kind, option, steps):
    assume(kind != "EulerAncestralDiscreteScheduler")  # it has neither
    # Linear spacing, so that its extremes are those of the schedule.
    options = {"beta_schedule": "scaled_linear", "timestep_spacing": "linspace", option: True}
    theirs = made(kind, {"beta_start": 0.00085, "beta_end": 0.012, **options}, steps)
    plan = plan_like(kind, dict(theirs.config), steps)
    compare(plan, kind, once(theirs.timesteps.tolist()), once(theirs.sigmas.tolist()), (kind, option, steps))


@settings(max_examples=20)
@given(st.sampled_from(DPM), st.integers(2, 300))
def test_drawn_times_of_karras_are_rounded(kind, steps):
    options = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "use_karras_sigmas": True}
    theirs = made(kind, options, steps)
    plan = plan_like(kind, dict(theirs.config), steps)
    levels = [level.ratio for level in plan.levels]
    assert levels == pytest.approx(theirs.sigmas.tolist(), rel=5e-6, abs=1e-9), (kind, steps)
    exact = [level.t for level in plan_of(schedule_of(kind, theirs.config), "karras", steps).levels]
    for level, before, want in zip(plan.levels, exact, theirs.timesteps.tolist(), strict=False):
        half = abs(abs(before - round(before)) - 0.5) < 1e-3  # float32 may round a half to the other side
        assert level.t == want or half, (kind, steps, level, before, want)


@settings(max_examples=30)
@given(st.floats(0.3, 8), st.integers(1, 300))
def test_drawn_flows(shift, steps):
    theirs = made(FLOW, {"shift": shift}, steps)
    plan = plan_like(FLOW, dict(theirs.config), steps)
    compare(plan, FLOW, theirs.timesteps.tolist(), theirs.sigmas.tolist(), (shift, steps))


def test_one_step_starts_at_the_noisiest_time_where_diffusers_visits_time_zero():
    for kind in ("DDIMScheduler", "EulerDiscreteScheduler"):
        options = {"timestep_spacing": "linspace"}
        theirs = made(kind, options, 1)
        assert theirs.timesteps.tolist() == [0], kind
        assert [m.t for m in plan_like(kind, dict(theirs.config), 1).levels] == [999, -1], kind
    assert np.isclose(made("EulerDiscreteScheduler", options, 1).sigmas[0], 0.01, rtol=1e-3)
