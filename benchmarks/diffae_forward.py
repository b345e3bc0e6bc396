"""The decoder of diffusion autoencoders beside diffusers' U-Net of the same blocks, which reads no code.

``python benchmarks/diffae_forward.py`` asks both in turn; weights are random, the shape that of a public template.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from network_forward import medians

from superpose_diffae.templates import TEMPLATES
from superpose_networks import ready
from superpose_networks.diffae import Decoder, Half, Layout

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import diffusers


def pair(template: str) -> tuple[Decoder, Any, int]:
    """Ours, theirs, and the size of images."""
    size, widths, _ = TEMPLATES[template]
    attends = tuple(size >> level == 16 for level in range(len(widths)))
    half = Half(widths, 2, attends, residual=True)
    ours = ready(Decoder(Layout(512, widths[0], half, half, None)))
    down = ["AttnDownBlock2D" if one else "ResnetDownsampleBlock2D" for one in attends]
    up = ["AttnUpBlock2D" if one else "ResnetUpsampleBlock2D" for one in reversed(attends)]
    make: Any = diffusers.UNet2DModel
    theirs = make(
        block_out_channels=widths, down_block_types=down, up_block_types=up, layers_per_block=2, norm_num_groups=32,
        attn_norm_num_groups=32, attention_head_dim=None, resnet_time_scale_shift="scale_shift",
        downsample_type="resnet", upsample_type="resnet",
    )  # fmt: skip
    return ours, theirs.eval(), size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", default="celeba64d2c_autoenc")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    ours, theirs, size = pair(chosen.template)
    for rows in chosen.rows:
        x, t, z = torch.randn(rows, 3, size, size), torch.full((1,), 500.0), torch.randn(rows, 512)
        with torch.inference_mode():
            asked: dict[str, Callable[[], object]] = {"theirs": partial(theirs, x, t), "ours": partial(ours, x, t, z)}
            took = medians(asked, chosen.repeats)
        ratio = took["ours"] / took["theirs"]
        print(f"{rows} rows: diffusers {took['theirs']:.0f} ms, ours {took['ours']:.0f} ms, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
