"""Flicker of a film whose frames are painted over one by one: the figure of ``docs/video.md``.

    python benchmarks/flicker.py [--film FOLDER]

A pictogram turns, 5 degrees a frame. Every frame is painted over by `sdedit` with the embedded pictograms, once with
noise of its own and once with noise that all frames share. What was made is turned back, so that without any flicker
all frames would be one; told is the root mean square of what changes from frame to frame, within the disc that every
frame has, and the same of the frames that were given, which is what turning by itself costs. Means over pictograms and
seeds, with the standard error of the mean.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import superpose
from superpose.media.animation import write_animation
from superpose.media.images import read_picture

PICTURES, PROMPTS = ("house", "umbrella"), ("house", "umbrella")
FRAMES, DEGREES, SIDE, SEEDS, STRENGTH = 12, 5.0, 64, 3, 0.6
RECIPE = """prompt = "{prompt}"
[model]
kind = "pictograms"
[scheduler]
kind = "ddim"
steps = 20
[[constraint]]
kind = "sdedit"
image = "turning.gif"
strength = {strength}
[run]
seed = {seed}
noise = "{noise}"
"""


def turned(image: Image.Image, degrees: float) -> Image.Image:
    """A picture turned about its middle, on white."""
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))


def flicker(frames: list[NDArray[np.uint8]]) -> float:
    """What changes from frame to frame once the turning is taken back, of images in [0, 1]."""
    back = [np.asarray(turned(Image.fromarray(frame), -DEGREES * i)) / 255 for i, frame in enumerate(frames)]
    middle = (np.arange(SIDE) - (SIDE - 1) / 2) ** 2
    disc = middle[:, None] + middle < (SIDE / 2 - 2) ** 2
    return float(np.sqrt(np.mean([np.square(b - a)[disc].mean() for a, b in pairwise(back)])))


def painted(folder: Path, prompt: str, seed: int, noise: str) -> list[NDArray[np.uint8]]:
    """The frames as they are painted over."""
    text = RECIPE.format(prompt=prompt, seed=seed, noise=noise, strength=STRENGTH)
    recipe = superpose.loads(text, folder=folder)
    outcome = superpose.run(recipe, folder / f"{noise}-{seed}")
    return [read_picture(path) for path in outcome.images]


def main(film: Path | None) -> None:
    """Print the figures."""
    found: dict[str, list[float]] = {"given": [], "own": [], "shared": []}
    for picture, prompt in zip(PICTURES, PROMPTS, strict=True):
        image = Image.open(Path(__file__).parents[1] / "recipes" / "images" / f"{picture}.png").convert("RGB")
        image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        frames = [np.asarray(turned(image, DEGREES * i)) for i in range(FRAMES)]
        found["given"].append(flicker(frames))
        for seed in range(SEEDS):
            folder = Path(tempfile.mkdtemp())
            write_animation(folder / "turning.gif", frames, [1] * FRAMES, 10)
            made = {noise: painted(folder, prompt, seed, noise) for noise in ("own", "shared")}
            for noise, images in made.items():
                found[noise].append(flicker(images))
            if film is not None and seed == 0:
                beside = [np.concatenate(row, 1) for row in zip(frames, *made.values(), strict=True)]
                write_animation(film / f"flicker-{picture}.gif", beside, [1] * FRAMES, 6)
                strip = [np.concatenate(row[::3], 1) for row in (frames, *made.values())]
                Image.fromarray(np.concatenate(strip)).save(film / f"flicker-{picture}.png")
    for name, values in found.items():
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        print(f"{name:7} {np.mean(values):.4f} +- {error:.4f}")
    ratios = np.array(found["shared"]) / np.array(found["own"])
    print(f"shared / own {ratios.mean():.2f} +- {ratios.std(ddof=1) / np.sqrt(len(ratios)):.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--film", type=Path)
    main(parser.parse_args().film)
