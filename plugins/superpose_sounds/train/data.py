"""The command that makes the data: ``python -m superpose_sounds.train.data sounds64.npz``.

The file has the layout of the data of glyphs: ``images`` is how loud, 255 the loudest, the lowest band at the bottom.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superpose import replacing
from superpose_sounds.spectrogram import Scale, Transform
from superpose_sounds.synthesis import SOUNDS, sound


def loudness(word: str, seed: int, number: int) -> npt.NDArray[Any]:
    """The spectrogram of a sound, uint8 (bands, frames), 255 the loudest, the lowest band last."""
    image = Scale().image(Transform().log_mel(sound(word, seed, number)))[::-1]
    return np.round(image.clip(0, 1) * 255).astype(np.uint8)


def write(file: Path, each: int, seed: int) -> None:
    """Write a file of ``each`` sounds of every word.

    Raises:
        OSError: It cannot be written, or ``espeak-ng`` is not there.
    """
    words = list(SOUNDS)
    images, labels = [], []
    for number in range(each):
        for label, word in enumerate(words):
            images.append(loudness(word, seed, number))
            labels.append(label)
        sys.stderr.write(f"\r{number + 1} of {each} of each word  ")
    arrays = {"images": np.stack(images), "labels": np.array(labels), "classes": np.array(words)}
    arrays |= {"fonts": np.zeros(len(labels), np.int64), "font_names": np.array(["synthesis"])}
    with replacing(file) as path, path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_sounds.train.data", description="Synthesise sounds to learn from.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--each", type=int, default=400, help="sounds of each word; often 400")
    parser.add_argument("--seed", type=int, default=0, help="of all of them; the judge's are those of another")
    chosen = parser.parse_args(arguments)
    write(chosen.file, chosen.each, chosen.seed)


if __name__ == "__main__":
    main()
