r"""The noise levels that a published ``scheduler_config.json`` speaks of, and what its network predicts.

A configuration says two things in one: on which levels the network was trained, and on which grid diffusers would
sample. Only the first is read; the grid is the recipe's ``[scheduler]``. A flow's shift is part of the first, since
the grid ``flow`` asks the schedule for it. Where it depends on the size ("dynamic shifting", arXiv 2403.03206),

.. math:: s = e^\mu, \qquad \mu = \mu_0 + (n - n_0) \frac{\mu_1 - \mu_0}{n_1 - n_0}

with n the number of patches of the image, or :math:`s = \mu` where the shift is said to be linear.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superpose.errors import RecipeError
from superpose.prediction import Parameterization
from superpose.processes.continuous import FlowSchedule
from superpose.processes.table import TableSchedule
from superpose.schedule import Schedule

PREDICTIONS: dict[str, Parameterization] = {
    "epsilon": "epsilon", "sample": "sample", "v_prediction": "v", "flow_prediction": "flow",
}  # fmt: skip
TABLES = {"linear": "linear", "scaled_linear": "scaled_linear", "squaredcos_cap_v2": "cosine", "sigmoid": "sigmoid"}
#: Keys that mean another thing than a table of betas or a flow, unless they have these values.
PLAIN = {"invert_sigmas": False, "snr_shift_scale": None, "timestep_type": "discrete"}


def published_parameterization(config: Mapping[str, Any]) -> Parameterization:
    """What the network's output means.

    Raises:
        RecipeError: The configuration names something else.
    """
    name = config.get("prediction_type", "flow_prediction" if _flows(config) else "epsilon")
    if name not in PREDICTIONS:
        raise RecipeError(f"prediction_type = {name!r} is not one of {', '.join(PREDICTIONS)}")
    return PREDICTIONS[name]


def published_schedule(config: Mapping[str, Any], patches: int = 0) -> Schedule:
    """The levels of training.

    Arguments:
        config: ``scheduler_config.json``.
        patches: Number of patches of one image, for a flow whose shift depends on the size.

    Raises:
        RecipeError: A scheduler whose levels are none of ours.
    """
    odd = [f"{key} = {config[key]!r}" for key, value in PLAIN.items() if config.get(key, value) != value]
    if odd or not (_flows(config) or "beta_schedule" in config):
        raise RecipeError(
            f"the scheduler is a {config.get('_class_name')}{' with ' * bool(odd)}{', '.join(odd)}, whose levels are "
            "none that are known here: tables of betas (DDPM, DDIM, Euler, DPM-Solver, LCM, ...) and rectified "
            "flows (FlowMatchEulerDiscrete, ...)"
        )
    steps = config.get("num_train_timesteps", 1000)
    if _flows(config):
        return FlowSchedule(shift=_shift(config, patches), steps=steps)
    if config.get("trained_betas") is not None:
        table = TableSchedule.from_betas(config["trained_betas"])
    else:
        kind = config["beta_schedule"]
        if kind not in TABLES:
            raise RecipeError(f"beta_schedule = {kind!r} is not one of {', '.join(TABLES)}")
        ends = (None, None) if kind == "squaredcos_cap_v2" else (config.get("beta_start"), config.get("beta_end"))
        table = TableSchedule.named(TABLES[kind], steps, *ends)
    return table.zero_terminal_snr() if config.get("rescale_betas_zero_snr") else table


def published_table(where: Path, config: Mapping[str, Any]) -> tuple[TableSchedule, Parameterization]:
    """Noise levels and prediction of a network that was trained on a table of betas.

    Arguments:
        where: The file, for the message.
        config: ``scheduler_config.json``; what it leaves out is as diffusers has it.

    Raises:
        RecipeError: One line that names the file, the key, its value and what is supported; or that it is a flow.
    """
    told = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02, **config}
    try:
        schedule, prediction = published_schedule(told), published_parameterization(told)
    except RecipeError as error:
        raise RecipeError(f"{where}: {error}") from error
    if not isinstance(schedule, TableSchedule):
        raise RecipeError(f"{where}: a flow, which this family's networks were never trained on")
    return schedule, prediction


def _flows(config: Mapping[str, Any]) -> bool:
    return "FlowMatch" in str(config.get("_class_name")) or bool(config.get("use_flow_sigmas"))


def _shift(config: Mapping[str, Any], patches: int) -> float:
    if not config.get("use_dynamic_shifting"):
        return float(config.get("flow_shift", config.get("shift", 1.0)))
    few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    mu = low + (patches - few) * (high - low) / (many - few)
    return mu if config.get("time_shift_type") == "linear" else math.exp(mu)
