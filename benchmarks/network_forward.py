"""Our U-Net beside the one of diffusers: medians of one run, asked in turn. ``python benchmarks/network_forward.py``"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from superpose.nn import load_unet2d

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import diffusers

GLYPHS = Path(__file__).parents[1] / "plugins" / "superpose_glyphs" / "weights" / "glyphs"


def published() -> Any:
    """The same weights in diffusers' network."""
    make: Any = diffusers.UNet2DModel
    network = make(**json.loads((GLYPHS / "config.json").read_text())).eval()
    network.load_state_dict(
        {k: v.float() for k, v in load_file(GLYPHS / "diffusion_pytorch_model.safetensors").items()}
    )
    return network


def medians(asked: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Milliseconds each takes, the middle of ``repeats``, taken in turn so that a busy machine is busy for all."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(repeats + 3):  # the first three warm caches
        for name, ask in asked.items():
            start = time.perf_counter()
            ask()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(taken[3:]) for name, taken in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    ours, theirs = load_unet2d(GLYPHS), published()
    print(f"{chosen.threads} threads\nrows  diffusers   ours  ratio  ours a row  (ms)")
    for rows in chosen.rows:
        x, t, labels = torch.randn(rows, 3, 32, 32), torch.randint(0, 1000, (rows,)), torch.arange(rows)
        with torch.inference_mode():
            asked: dict[str, Callable[[], object]] = {
                "theirs": partial(theirs, x, t, labels),
                "ours": partial(ours, x, t, labels),
            }
            took = medians(asked, chosen.repeats)
        ratio = took["ours"] / took["theirs"]
        print(f"{rows:4}  {took['theirs']:9.1f}  {took['ours']:5.1f}  {ratio:5.2f}  {took['ours'] / rows:10.2f}")


if __name__ == "__main__":
    main()
