"""Our U-Net beside the one of diffusers: medians of one run, asked in turn. ``python benchmarks/network_forward.py``

``--family adm`` asks OpenAI's U-Net, in the proportions of its 64x64 model at 32x32, with random weights.
"""

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

from superpose_adm.layout import Heads, Layout
from superpose_adm.network import ADM
from superpose_networks import load_unet2d, ready

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import diffusers

GLYPHS = Path(__file__).parents[1] / "plugins" / "superpose_glyphs" / "weights" / "glyphs"


def glyphs() -> tuple[Any, Any]:
    """The embedded network, and diffusers' with the same weights."""
    make: Any = diffusers.UNet2DModel
    network = make(**json.loads((GLYPHS / "config.json").read_text())).eval()
    network.load_state_dict(
        {k: v.float() for k, v in load_file(GLYPHS / "diffusion_pytorch_model.safetensors").items()}
    )
    return load_unet2d(GLYPHS), network


def adm() -> tuple[Any, Any]:
    """OpenAI's U-Net, and diffusers' with the same weights."""
    layout = Layout(
        channels=96, widths=(96, 192, 288), blocks=3, attention=frozenset({1, 2}), in_channels=3, out_channels=6,
        classes=1000, scale_shift=True, residual=True,
    )  # fmt: skip
    make: Any = diffusers.UNet2DModel
    theirs = make(
        in_channels=3, out_channels=6, block_out_channels=layout.widths, layers_per_block=3, attention_head_dim=48,
        down_block_types=["ResnetDownsampleBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
        up_block_types=["AttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"], num_class_embeds=1000,
        resnet_time_scale_shift="scale_shift", downsample_type="resnet", upsample_type="resnet", norm_eps=1e-5,
        attn_norm_num_groups=32,
    ).eval()  # fmt: skip
    ours = ADM(layout, Heads(width=48))
    ours.load_state_dict(theirs.state_dict())
    return ready(ours), theirs


FAMILIES = {"glyphs": glyphs, "adm": adm}
#: What each sees of a row.
SEEN = {"glyphs": (12, 16, 16), "adm": (3, 32, 32)}


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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=FAMILIES, default="glyphs")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    ours, theirs = FAMILIES[chosen.family]()
    print(f"{chosen.threads} threads\nrows  diffusers   ours  ratio  ours a row  (ms)")
    for rows in chosen.rows:
        x, t, labels = torch.randn(rows, *SEEN[chosen.family]), torch.randint(0, 1000, (rows,)), torch.arange(rows)
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
