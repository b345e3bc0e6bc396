"""What a scheduler's configuration says of a network: levels and prediction, against the schedulers themselves."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import FlowSchedule, RecipeError, TableSchedule, make, published_table
from superpose import published_parameterization as parameterization
from superpose import published_schedule as schedule

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

# numpy 2 to diffusers, whose schedulers go by the ways of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TABLES = ["DDPM", "DDIM", "EulerDiscrete", "DPMSolverMultistep", "LCM", "PNDM", "UniPCMultistep", "HeunDiscrete", "TCD"]


def saved(scheduler: Any) -> dict[str, Any]:
    """Its configuration as it is written into a folder."""
    return {**scheduler.config, "_class_name": type(scheduler).__name__}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("table", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_tables(name: str, table: str) -> None:
    theirs = getattr(diffusers, f"{name}Scheduler")(
        beta_schedule=table, beta_start=0.0009, beta_end=0.013, num_train_timesteps=500
    )
    ours = schedule(saved(theirs), patches=64)
    assert isinstance(ours, TableSchedule)
    # Theirs are computed in float32.
    np.testing.assert_allclose(ours.alphas_cumprod, theirs.alphas_cumprod.numpy(), rtol=2e-4)


def test_tables_of_ones_own_and_without_signal() -> None:
    betas = [0.1, 0.2, 0.3]
    ours = schedule(saved(diffusers.DDIMScheduler(trained_betas=betas, num_train_timesteps=3)), 1)
    assert isinstance(ours, TableSchedule)
    np.testing.assert_allclose(ours.alphas_cumprod, np.cumprod(1 - np.array(betas)))
    rescaled = schedule(saved(diffusers.DDIMScheduler(rescale_betas_zero_snr=True)), 1)
    assert rescaled.at(999) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("epsilon", "epsilon"), ("sample", "sample"), ("v_prediction", "v"), ("flow_prediction", "flow")],
)
def test_predictions(said: str, meant: str) -> None:
    assert parameterization({"prediction_type": said, "beta_schedule": "linear"}) == meant


def test_a_flow_predicts_flow_without_saying_so() -> None:
    assert parameterization(saved(diffusers.FlowMatchEulerDiscreteScheduler())) == "flow"
    sana = diffusers.DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )
    assert parameterization(saved(sana)) == "flow"
    assert schedule(saved(sana), 1) == FlowSchedule(shift=3.0)


@given(
    shift=st.floats(0.5, 8.0), dynamic=st.booleans(), linear=st.booleans(), patches=st.integers(16, 5000),
    steps=st.integers(1, 30),
)  # fmt: skip
def test_shifted_flows_visit_the_pipelines_levels(
    shift: float, dynamic: bool, linear: bool, patches: int, steps: int
) -> None:
    theirs = diffusers.FlowMatchEulerDiscreteScheduler(
        shift=shift, use_dynamic_shifting=dynamic, time_shift_type="linear" if linear else "exponential"
    )
    about = theirs.config
    mu = calculate_shift(patches, about.base_image_seq_len, about.max_image_seq_len, about.base_shift, about.max_shift)
    theirs.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu)
    plan = make("scheduler", "flow-euler", steps=steps).plan(schedule(saved(theirs), patches))
    np.testing.assert_allclose([level.sigma for level in plan.levels], theirs.sigmas.numpy(), rtol=1e-5)
    np.testing.assert_allclose([level.t for level in plan.levels[:-1]], theirs.timesteps.numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (saved(diffusers.EDMEulerScheduler()), "scheduler is a EDMEulerScheduler, whose levels"),
        (saved(diffusers.ScoreSdeVeScheduler()), "scheduler is a ScoreSdeVeScheduler, whose levels"),
        (saved(diffusers.SCMScheduler()), "scheduler is a SCMScheduler, whose levels"),
        (saved(diffusers.FlowMatchEulerDiscreteScheduler(invert_sigmas=True)), "with invert_sigmas = True"),
        (saved(diffusers.EulerDiscreteScheduler(timestep_type="continuous")), "with timestep_type = 'continuous'"),
        ({"beta_schedule": "laplace"}, "beta_schedule = 'laplace' is not one of linear, scaled_linear"),
    ],
)
def test_levels_that_are_not_ours(config: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        schedule(config, 1)


def test_a_prediction_that_is_not_ours() -> None:
    with pytest.raises(RecipeError, match="prediction_type = 'raw_diffusion' is not one of epsilon, sample"):
        parameterization({"prediction_type": "raw_diffusion"})


def test_a_table_says_which_file_it_is_of_and_refuses_a_flow() -> None:
    table, prediction = published_table(Path("a.json"), {"prediction_type": "v_prediction"})
    assert (table, prediction) == (schedule({"beta_schedule": "linear"}), "v")
    with pytest.raises(RecipeError, match=r"^a\.json: beta_schedule = 'odd' is not one of linear"):
        published_table(Path("a.json"), {"beta_schedule": "odd"})
    with pytest.raises(RecipeError, match=r"^a\.json: a flow"):
        published_table(Path("a.json"), {"_class_name": "FlowMatchEulerDiscreteScheduler"})
