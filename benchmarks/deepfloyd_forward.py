"""The U-Nets of DeepFloyd IF beside diffusers' with the same weights, in the proportions of the published ones.

``python benchmarks/deepfloyd_forward.py`` asks both in turn; weights are random. A text is read once a prompt by ours,
at every step by theirs; both ways are shown.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from network_forward import medians

from superpose_deepfloyd.config import IFConfig
from superpose_deepfloyd.network import IFUNet
from superpose_networks import assign, ready

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import diffusers

SHARED = {
    "addition_embed_type": "text", "addition_embed_type_num_heads": 64, "attention_head_dim": 32, "act_fn": "gelu",
    "cross_attention_norm": "group_norm", "mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "out_channels": 6,
    "resnet_time_scale_shift": "scale_shift", "encoder_hid_dim": 512, "cross_attention_dim": 256,
}  # fmt: skip
DOWN, UP = (
    ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
    ("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
)
#: A third of the channels of IF-I-M and of IF-II-M.
STAGES: dict[str, dict[str, Any]] = {
    "I": {
        "sample_size": 64, "in_channels": 3, "block_out_channels": [64, 128, 192, 256], "layers_per_block": 3,
        "down_block_types": [DOWN[0], *[DOWN[1]] * 3], "up_block_types": [*[UP[0]] * 3, UP[1]],
    },
    "II": {
        "sample_size": 128, "in_channels": 6, "block_out_channels": [32, 64, 128, 192, 192],
        "layers_per_block": [2, 2, 2, 2, 2], "class_embed_type": "timestep", "only_cross_attention": True,
        "down_block_types": [*[DOWN[0]] * 3, *[DOWN[1]] * 2], "up_block_types": [*[UP[0]] * 2, *[UP[1]] * 3],
        "mid_block_only_cross_attention": False, "resnet_skip_time_act": True, "resnet_out_scale_factor": 1 / 0.7071,
        "time_embedding_act_fn": "gelu",
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    for stage, own in STAGES.items():
        theirs: Any = diffusers.UNet2DConditionModel(**SHARED, **own).eval()
        ours = IFUNet(IFConfig.from_mapping(theirs.config))
        assign(ours, dict(theirs.state_dict()), "diffusers")
        ready(ours)
        for rows in chosen.rows:
            x, states = (
                torch.randn(rows, own["in_channels"], own["sample_size"], own["sample_size"]),
                torch.randn(rows, 77, 512),
            )
            t, level = torch.tensor(500), [torch.full((rows,), 50)] if stage == "II" else []
            with torch.inference_mode():
                read = ours.read(states)
                asked: dict[str, Callable[[], object]] = {
                    "theirs": partial(theirs, x, t, states, *level),
                    "ours": partial(ours, x, t, *read, *level),
                    "reading": partial(ours.read, states),
                }
                took = medians(asked, chosen.repeats)
            ratio, whole = took["ours"] / took["theirs"], (took["ours"] + took["reading"]) / took["theirs"]
            print(
                f"stage {stage}, {rows} rows: diffusers {took['theirs']:.0f} ms, ours {took['ours']:.0f} ms, "
                f"ratio {ratio:.2f}; {whole:.2f} if the text were read again",
                flush=True,
            )


if __name__ == "__main__":
    main()
