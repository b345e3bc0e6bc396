"""Our diffusion transformer beside the one of diffusers: medians of CPU time of one run, asked in turn.

``python benchmarks/dit_forward.py [layers]``: the width of DiT-S, latents of 32x32, patches of 2, float32.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from superpose_networks import assign, ready
from superpose_networks.latent import DiT, diffusers_dit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import diffusers


def main() -> None:
    """Print the ratio of medians for 1 and 8 rows."""
    torch.set_num_threads(1)
    layers = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    theirs: Any = diffusers.DiTTransformer2DModel(
        num_attention_heads=6, attention_head_dim=64, num_layers=layers, out_channels=8
    )
    theirs.eval().requires_grad_(False)
    ours = DiT(diffusers_dit("diffusers", theirs.config))
    assign(ours, dict(theirs.state_dict()), "diffusers")
    ours = ready(ours)
    for rows in (1, 8):
        x, t, labels = torch.randn(rows, 4, 32, 32), torch.full((rows,), 500), torch.arange(rows)
        asked: dict[str, Callable[[], Any]] = {
            "ours": lambda x=x, labels=labels: ours(x, torch.tensor(500), labels),
            "diffusers": lambda x=x, t=t, labels=labels: theirs(x, timestep=t, class_labels=labels).sample,
        }
        taken: dict[str, list[float]] = {name: [] for name in asked}
        with torch.inference_mode():
            for _ in range(15):
                for name, ask in asked.items():
                    start = time.process_time()
                    ask()
                    taken[name].append(time.process_time() - start)
        ours_median, theirs_median = (statistics.median(taken[name]) for name in asked)
        print(
            f"{rows} rows: ours {ours_median:.4f} s, diffusers {theirs_median:.4f} s: {ours_median / theirs_median:.2f}"
        )


if __name__ == "__main__":
    main()
