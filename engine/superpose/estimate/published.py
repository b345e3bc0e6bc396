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

from superpose.errors import RecipeError
from superpose.estimate.prediction import Parameterization
from superpose.levels.continuous import FlowSchedule
from superpose.levels.noise_level import Schedule
from superpose.levels.table import TableSchedule
from superpose.media.tables import Table

#: Name, first and last beta that diffusers' classes have where a file has none, by the class without "Scheduler".
DEFAULTS: dict[str, tuple[str, float, float]] = {
    **dict.fromkeys(
        (
            "DDPM", "DDPMParallel", "DDIM", "DDIMParallel", "DDIMInverse", "DEISMultistep", "DPMSolverMultistep",
            "DPMSolverMultistepInverse", "DPMSolverSinglestep", "EulerDiscrete", "EulerAncestralDiscrete",
            "LMSDiscrete", "PNDM", "RePaint", "SASolver", "UniPCMultistep",
        ),
        ("linear", 0.0001, 0.02),
    ),
    **dict.fromkeys(
        ("HeunDiscrete", "KDPM2Discrete", "KDPM2AncestralDiscrete", "DPMSolverSDE"), ("linear", 0.00085, 0.012)
    ),
    **dict.fromkeys(("LCM", "TCD"), ("scaled_linear", 0.00085, 0.012)),
}  # fmt: skip
#: Most times of a table; the longest that is known has 2000.
MOST = 100_000
PREDICTIONS: dict[str, Parameterization] = {
    "epsilon": "epsilon", "sample": "sample", "v_prediction": "v", "flow_prediction": "flow",
}  # fmt: skip
TABLES = {"linear": "linear", "scaled_linear": "scaled_linear", "squaredcos_cap_v2": "cosine", "sigmoid": "sigmoid"}
#: Keys that mean another thing than a table of betas or a flow, unless they have these values.
PLAIN = {"invert_sigmas": False, "snr_shift_scale": None, "timestep_type": "discrete"}


def published_parameterization(config: Mapping[str, object]) -> Parameterization:
    """Parameterization of the network's output.

    Raises:
        RecipeError: The configuration names something else.
    """
    table = _table(config)
    name = table.text("prediction_type", "flow_prediction" if _flows(table) else "epsilon")
    if name not in PREDICTIONS:
        raise table.wrong("prediction_type", f"one of {', '.join(PREDICTIONS)}")
    return PREDICTIONS[name]


def published_schedule(config: Mapping[str, object], patches: int = 0) -> Schedule:
    """The levels of training; what the configuration leaves out is as the class of diffusers has it.

    Arguments:
        config: ``scheduler_config.json``.
        patches: Number of patches of one image, for a flow whose shift depends on the size.

    Raises:
        RecipeError: A scheduler whose levels are none of ours, or a value that no table is made of.
    """
    table = _table(config)
    odd = [f"{key} = {table[key]!r}" for key, value in PLAIN.items() if table.get(key, value) != value]
    own = str(table.get("_class_name") or "DDPM").removesuffix("Scheduler")
    if odd or not (_flows(table) or "beta_schedule" in table or own in DEFAULTS):
        raise RecipeError(
            f"{table.where}: the scheduler is a {table.get('_class_name')}{' with ' * bool(odd)}{', '.join(odd)}, "
            "whose levels are none that are known here: tables of betas (DDPM, DDIM, Euler, DPM-Solver, LCM, ...) "
            "and rectified flows (FlowMatchEulerDiscrete, ...)"
        )
    steps = table.whole("num_train_timesteps", 1000, least=2)
    if steps > MOST:
        raise table.wrong("num_train_timesteps", f"at most {MOST}")
    try:
        if _flows(table):
            return FlowSchedule(shift=_shift(table, patches), steps=steps)
        betas = _betas(table, steps, DEFAULTS.get(own, DEFAULTS["DDPM"]))
    except (ValueError, ArithmeticError, TypeError) as error:
        raise RecipeError(f"{table.where}: {error}") from error
    return betas.zero_terminal_snr() if table.flag("rescale_betas_zero_snr", default=False) else betas


def published_table(where: Path, config: Mapping[str, object]) -> tuple[TableSchedule, Parameterization]:
    """Noise levels and prediction of a network that was trained on a table of betas.

    Arguments:
        where: The file, for the message.
        config: ``scheduler_config.json``; what it leaves out is as diffusers has it.

    Raises:
        RecipeError: One line that names the file, the key, its value and what is supported; or that it is a flow.
    """
    table = Table(str(where), dict(config))
    schedule, prediction = published_schedule(table), published_parameterization(table)
    if not isinstance(schedule, TableSchedule):
        raise RecipeError(f"{where}: a flow, which this family's networks were never trained on")
    return schedule, prediction


def _table(config: Mapping[str, object]) -> Table:
    return config if isinstance(config, Table) else Table("the scheduler's configuration", dict(config))


def _betas(table: Table, steps: int, default: tuple[str, float, float]) -> TableSchedule:
    if trained := table.numbers("trained_betas", []):
        return TableSchedule.from_betas(trained)
    if table.get("trained_betas") is not None:
        raise table.wrong("trained_betas", "a list of numbers, or null")
    kind, *ends = default
    kind = table.text("beta_schedule", kind)
    if kind not in TABLES:
        raise table.wrong("beta_schedule", f"one of {', '.join(TABLES)}")
    if kind == "squaredcos_cap_v2":
        return TableSchedule.named(TABLES[kind], steps)
    start, end = (table.number(key, value) for key, value in zip(("beta_start", "beta_end"), ends, strict=True))
    for key, value in (("beta_start", start), ("beta_end", end)):
        if not 0 < value < 1:
            raise table.wrong(key, "a number between 0 and 1")
    return TableSchedule.named(TABLES[kind], steps, start, end)


def _flows(config: Table) -> bool:
    return "FlowMatch" in str(config.get("_class_name")) or config.flag("use_flow_sigmas", default=False)


def _shift(config: Table, patches: int) -> float:
    if not config.flag("use_dynamic_shifting", default=False):
        return config.number("flow_shift", config.number("shift", 1.0))
    few, many = config.whole("base_image_seq_len", 256), config.whole("max_image_seq_len", 4096)
    low, high = config.number("base_shift", 0.5), config.number("max_shift", 1.15)
    mu = low + (patches - few) * (high - low) / (many - few)
    return mu if config.get("time_shift_type") == "linear" else math.exp(mu)
