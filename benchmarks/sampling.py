"""Whole sampling runs against the bare forward passes they need, and against diffusers on the same weights.

Everything is timed in one process, turn by turn, and compared as a ratio of medians: machines are shared, so seconds
mean little and ratios something.

    python benchmarks/sampling.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, UNet2DModel

import superpose
from superpose_glyphs.model import EMBEDDED

STEPS = 20
TURNS = 9


def main() -> None:
    """Print the table."""
    torch.manual_seed(0)
    model = superpose.model("glyphs")
    theirs = UNet2DModel.from_pretrained(EMBEDDED / "glyphs", torch_dtype=torch.float32).eval()
    told = superpose.prompted(model, "A")
    schedulers = {
        "ddim": DDIMScheduler(
            beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", timestep_spacing="trailing"
        ),
        "dpmpp": DPMSolverMultistepScheduler(
            beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", timestep_spacing="trailing"
        ),
    }
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {STEPS} steps, medians of {TURNS} turns")
    print("| method | batch | ours / bare forward passes | ours / diffusers |")
    print("|---|---|---|---|")
    for kind, scheduler in schedulers.items():
        for batch in (1, 16):
            ours = superpose.trajectory(
                told, superpose.make("scheduler", kind, steps=STEPS), model, samples=batch, batch_size=batch
            )
            timed = _turns(
                {
                    "ours": ours.run,
                    "bare": lambda batch=batch: _bare(model, batch),
                    "diffusers": lambda scheduler=scheduler, batch=batch: _diffusers(theirs, scheduler, batch),
                }
            )
            bare, other = timed["ours"] / timed["bare"], timed["ours"] / timed["diffusers"]
            print(f"| {kind} | {batch} | {bare:.3f} | {other:.3f} |")


def _turns(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(TURNS + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if turn:  # the first warms up
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


@torch.no_grad()
def _bare(model: superpose.NoisePredictor, batch: int) -> None:
    x = torch.randn(batch, *model.shape)
    given = model.gather([model.condition("A")] * batch)
    for step in range(STEPS):
        model.predict(x, superpose.NoiseLevel(step, 50.0 * step, 0.6, 0.8), given)


@torch.no_grad()
def _diffusers(network: UNet2DModel, scheduler: DDIMScheduler, batch: int) -> None:
    x = torch.randn(batch, 12, 16, 16)  # as the network sees images of 32x32
    labels = torch.zeros(batch, dtype=torch.long)
    scheduler.set_timesteps(STEPS)
    for t in scheduler.timesteps:
        output = network(x, t, class_labels=labels, return_dict=False)[0]
        x = scheduler.step(output, t, x, return_dict=False)[0]


if __name__ == "__main__":
    main()
