"""A panorama by the loop of MultiDiffusion and by our engine, on the same network, in seconds of the processor.

    python benchmarks/panorama.py

The loop is that of the paper's program (arXiv 2302.08113): each window's crop with and without the prompt, a DDIM step
of diffusers' scheduler, and the sum of what the windows have become over their number at every place. It asks one
window at a time, as that program does, and then as many rows at once as we do. Turns of all alternate in one process;
a ratio is the median of those of the turns. The last latents are compared first: all three must make one picture.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import diffusers
import torch
from torch import Tensor

import superpose
from superpose import NoiseLevel

STEPS, SCALE, TURNS = 10, 5.0, 7
HEIGHT, WIDTH, WINDOW, STRIDE = 64, 192, 64, 32
RECIPE = f"""
model = {{kind = "pictograms"}}
scheduler = {{kind = "ddim", steps = {STEPS}}}
guidance = {{kind = "cfg", scale = {SCALE}}}
clip = {{kind = "none"}}
canvas = {{size = [{HEIGHT}, {WIDTH}]}}
view = [{{kind = "panorama", stride = {STRIDE}, prompt = "solid tree"}}]
run = {{threads = 1, batch_size = 10}}
"""


def loop(network: superpose.NoisePredictor, x: Tensor, at_once: int) -> Tensor:
    """The loop of the paper's program, so many windows at once."""
    schedule = network.schedule
    kept = torch.tensor([schedule.at(t)[0] ** 2 for t in range(1000)], dtype=torch.float64)
    scheduler = diffusers.DDIMScheduler(
        trained_betas=(1 - kept / torch.cat([torch.ones(1), kept[:-1]])).float().tolist(),
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
        prediction_type={"epsilon": "epsilon", "v": "v_prediction", "sample": "sample"}[network.parameterization],
    )
    scheduler.set_timesteps(STEPS)
    told = [network.condition(prompt) for prompt in ("", "solid tree")]
    lefts = range(0, WIDTH - WINDOW + 1, STRIDE)
    for t in scheduler.timesteps:
        value, count = torch.zeros_like(x), torch.zeros_like(x)
        level = NoiseLevel(0, float(t), *schedule.at(int(t)))
        for first in range(0, len(lefts), at_once):
            mine = lefts[first : first + at_once]
            crops = torch.cat([x[..., left : left + WINDOW] for left in mine])
            rows = network.gather([one for one in told for _ in mine])
            without, with_it = network.predict(torch.cat([crops, crops]), level, rows).output.chunk(2)
            moved = scheduler.step(without + SCALE * (with_it - without), t, crops).prev_sample
            for left, one in zip(mine, moved.split(1), strict=True):
                value[..., left : left + WINDOW] += one
                count[..., left : left + WINDOW] += 1
        x = torch.where(count > 0, value / count, value)
    return x


def timed(run: Callable[[], Tensor]) -> float:
    """Seconds of the processor."""
    began = time.process_time()
    run()
    return time.process_time() - began


@torch.no_grad()
def main() -> None:
    """Compare the pictures, and print the ratios."""
    torch.set_num_threads(1)
    stage = superpose.compose(superpose.loads(RECIPE)).stages[0]
    network = superpose.model("pictograms")
    start = stage.trajectory([0]).start().x

    def ours() -> Tensor:
        return stage.trajectory([0]).run()

    by = {
        "one window at a time": lambda: loop(network, start, 1),
        "as many rows at once": lambda: loop(network, start, 5),
    }
    made = ours()
    for name, theirs in by.items():
        print(f"{name}: pictures differ by {float((theirs() - made).abs().max()):.1e} at most")
    ratios: dict[str, list[float]] = {name: [] for name in by}
    for _ in range(TURNS):
        own = timed(ours)
        for name, theirs in by.items():
            ratios[name].append(own / timed(theirs))
    for name, each in ratios.items():
        print(f"ours / the loop, {name}: {statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main()
