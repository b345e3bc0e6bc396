"""Peak memory of encoding and decoding latents on a processor: ``python benchmarks/decoding_memory.py``

A first stage of a quarter of the published channels on pictures of 512x512, float32, ours and diffusers' with the same
configuration, one and four pictures at once; each in a process of its own. Told is resident memory at the peak over
that before, when a small picture has warmed the caches up.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import torch

from superpose_networks import ready
from superpose_networks.latent import Autoencoder, diffusers_autoencoder

FIRST = {
    "block_out_channels": (32, 64, 128, 128),
    "layers_per_block": 2,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}


def status(name: str) -> float:
    """A line of this process's status, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def network(whose: str) -> Any:
    """A first stage of random weights."""
    if whose == "ours":
        return ready(Autoencoder(diffusers_autoencoder("here", FIRST)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers
    return diffusers.AutoencoderKL(**FIRST).eval().requires_grad_(False)


@torch.no_grad()
def grown(whose: str, way: str, pictures: int, side: int) -> float:
    """Resident memory at the peak over that before, in MB."""
    first = network(whose)
    shape = (3, side, side) if way == "encode" else (4, side // 8, side // 8)
    ask = getattr(first, way)
    ask(torch.randn(1, shape[0], shape[1] // 8, shape[2] // 8))
    states = torch.randn(pictures, *shape)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = status("VmRSS")
    ask(states)
    return status("VmHWM") - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--one", nargs=3, metavar=("WHOSE", "WAY", "PICTURES"), help="measure this in this process")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.one:
        whose, way, pictures = given.one
        print(f"{grown(whose, way, int(pictures), given.side):.0f}")
        return
    print("| | pictures | ours, MB | diffusers, MB |\n|---|---|---|---|")
    for way in ("decode", "encode"):
        for pictures in ("1", "4"):
            told = []
            for whose in ("ours", "diffusers"):
                command = [sys.executable, __file__, "--side", str(given.side), "--one", whose, way, pictures]
                told.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
            print(f"| {way} | {pictures} | {told[0]} | {told[1]} |", flush=True)


if __name__ == "__main__":
    main()
