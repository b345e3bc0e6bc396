"""A step of every scheduler alone, at 4x64x64: against the bare linear combination of the tensors it must read.

Those are the state, the estimate, the history and the noise, one pass over memory each, with the coefficients known.
Heun and Langevin are two combinations: one before they ask the network a second time, one after. Estimate and noise are
there before the clock starts, and steps are taken in the middle of a run, with a full history. All are timed turn by
turn in one process, and compared by medians; diffusers' steps too, where it has the method.

    python benchmarks/scheduler_step.py
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from itertools import pairwise

import torch

from superpose import Scheduler, TableSchedule, combine
from superpose.estimate.prediction import Estimate
from superpose_schedulers.ddim import DDIM
from superpose_schedulers.ddpm import DDPM
from superpose_schedulers.dpm_solver import DPMSolver
from superpose_schedulers.dpmpp import DPMpp
from superpose_schedulers.dpmpp_sde import DPMppSDE
from superpose_schedulers.euler import Euler
from superpose_schedulers.euler_ancestral import EulerAncestral
from superpose_schedulers.flow_euler import FlowEuler
from superpose_schedulers.heun import Heun
from superpose_schedulers.langevin import Langevin
from superpose_schedulers.lms import LMS
from superpose_schedulers.pndm import PNDM
from superpose_schedulers.unipc import UniPC

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

SHAPE = (1, 4, 64, 64)
STEPS = 20
TURNS = 100
REPEATS = 10
NOISES = torch.randn(40, *SHAPE, generator=torch.Generator().manual_seed(0)).unbind(0)

#: Each with how many tensors its combinations read, and what diffusers calls it.
CASES: list[tuple[Scheduler, tuple[int, ...], tuple[str, dict[str, object]] | None]] = [
    (DDPM(variance="fixed_small"), (3,), ("DDPMScheduler", {})),
    (DDIM(), (2,), ("DDIMScheduler", {"clip_sample": False})),
    (DDIM(eta=1.0), (3,), None),
    (Euler(), (2,), ("EulerDiscreteScheduler", {})),
    (EulerAncestral(), (3,), ("EulerAncestralDiscreteScheduler", {})),
    (Heun(), (2, 3), ("HeunDiscreteScheduler", {})),
    (DPMpp(order=1), (2,), None),
    (DPMpp(), (3,), ("DPMSolverMultistepScheduler", {})),
    (DPMpp(order=3), (4,), ("DPMSolverMultistepScheduler", {"solver_order": 3})),
    (DPMppSDE(), (4,), ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"})),
    (DPMppSDE(order=3), (5,), None),
    (DPMSolver(), (3,), None),
    (UniPC(), (4,), ("UniPCMultistepScheduler", {})),
    (UniPC(order=3), (5,), ("UniPCMultistepScheduler", {"solver_order": 3})),
    (LMS(), (5,), ("LMSDiscreteScheduler", {})),
    (PNDM(), (5,), ("PNDMScheduler", {"skip_prk_steps": True})),
    (Langevin(), (5, 3), None),  # the norms of two tensors are needed before these are combined
    (FlowEuler(grid="trailing"), (2,), ("FlowMatchEulerDiscreteScheduler", {})),
]


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread, {'x'.join(map(str, SHAPE[1:]))}, medians of {TURNS} turns")
    print("| scheduler | step, us | ideal, us | step / ideal | diffusers / ours |")
    print("|---|---|---|---|---|")
    worst = 0.0
    for scheduler, reads, counterpart in CASES:
        runs = {"ours": _ours(scheduler), "ideal": _ideal(reads)}
        if counterpart is not None:
            runs["diffusers"] = _theirs(*counterpart)
        taken = _turns(runs)
        ratio = taken["ours"] / taken["ideal"]
        worst = max(worst, ratio)
        other = f"{taken['diffusers'] / taken['ours']:.1f}" if counterpart else ""
        options = [f"order {scheduler.order}"] if scheduler.order > 1 else []
        options += ["eta 1"] if getattr(scheduler, "eta", 0) and scheduler.kind == "ddim" else []
        name = " ".join([scheduler.kind, *options])
        print(f"| {name} | {taken['ours']:.1f} | {taken['ideal']:.1f} | {ratio:.2f} | {other} |")
    print(f"worst: {worst:.2f}")


def _ours(scheduler: Scheduler) -> Callable[[], None]:
    plan = scheduler.plan(TableSchedule.named("scaled_linear"))
    clean, x, state = NOISES[0] * 0.5, NOISES[1], scheduler.init()
    middle = len(plan.levels) // 2
    estimate = Estimate(clean)

    def denoise(*_: object) -> Estimate:
        return estimate

    def noise(*_: object) -> torch.Tensor:
        return NOISES[2]

    with torch.no_grad():
        for here, there in pairwise(plan.levels[: middle + 1]):
            x, state = scheduler.step(denoise, x, here, there, state, noise, jumped=False)
    here, there = plan.levels[middle : middle + 2]

    def run() -> None:
        scheduler.step(denoise, x, here, there, state, noise, jumped=False)

    return run


def _ideal(reads: tuple[int, ...]) -> Callable[[], None]:
    terms = [tuple((0.3 + 0.1 * i, NOISES[i]) for i in range(count)) for count in reads]

    def run() -> None:
        for pairs in terms:
            combine(*pairs)

    return run


def _theirs(name: str, options: dict[str, object]) -> Callable[[], None]:
    cls = getattr(diffusers, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        beta = {} if name.startswith("Flow") else {"beta_schedule": "scaled_linear"}
        scheduler = cls(**beta, **options)
        scheduler.set_timesteps(STEPS)
    module = sys.modules[cls.__module__]
    output, x = NOISES[0], NOISES[1]
    calls = 2 if name.startswith("Heun") else 1

    def step(i: int) -> None:
        t = scheduler.timesteps[i]
        if hasattr(scheduler, "scale_model_input"):
            scheduler.scale_model_input(x, t)
        scheduler.step(output, t, x, return_dict=False)

    middle = STEPS // 2 // calls * calls
    module.__dict__["randn_tensor"] = lambda *_, **__: NOISES[2]  # drawing is not what is timed
    for i in range(middle):
        step(i)

    def run() -> None:
        # Back to the middle of the run: where it counts its steps, that is a number of its own.
        if hasattr(scheduler, "_step_index"):
            scheduler._step_index = middle
        for i in range(calls):
            step(middle + i)

    return run


def _turns(runs: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Median microseconds of each, taken turn by turn."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with torch.no_grad():
        for turn in range(TURNS + 2):
            for name, run in runs.items():
                began = time.perf_counter()
                for _ in range(REPEATS):
                    run()
                if turn > 1:  # the first two warm up
                    seconds[name].append((time.perf_counter() - began) / REPEATS * 1e6)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


if __name__ == "__main__":
    main()
