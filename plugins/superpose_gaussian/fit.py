"""The command that fits the distributions: ``python -m superpose_gaussian.fit gaussian --data glyphs32.npz --out DIR``.

Maximum likelihood of probabilistic principal components (Tipping and Bishop 1999, equations 7 and 8): the largest
eigenvalues of the covariance stay, the mean of the others is that of all other directions.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from superpose_gaussian.files import write
from superpose_gaussian.normal import Mixture, Normal


def fitted(images: Tensor, count: int) -> Normal:
    """The likeliest distribution of grey images (N, H, W) in [-1, 1], as RGB images, with ``count`` components."""
    rows = images.flatten(1).double()
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
    # Three equal channels: a direction of grey has three times the variance, and there is none of colour.
    values, vectors = 3 * values.flip(0).clamp(min=0), vectors.T.flip(0) / 3**0.5
    rest = values[count:].sum() / (3 * len(mean) - count)
    return Normal(mean.repeat(3), vectors[:count].repeat(1, 3), values[:count], rest)


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(prog="superpose_gaussian.fit", description="Fit the models with exact answers.")
    parser.add_argument("model", choices=["gaussian", "mixture"], help="one distribution, or one a class")
    parser.add_argument("--data", type=Path, required=True, help="npz file of images (ink coverage), labels, classes")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--components", type=int, help="of each distribution; absent: 256, and 12 of a mixture's")
    chosen = parser.parse_args(arguments)
    with np.load(chosen.data) as file:
        pixels, labels = torch.from_numpy(file["images"]), torch.from_numpy(file["labels"].astype(np.int64))
        classes = tuple(map(str, file["classes"]))
    images = 1 - pixels.float() / 127.5
    shape = (3, images.shape[1], images.shape[2])
    if chosen.model == "gaussian":
        write(chosen.out, Mixture((fitted(images, chosen.components or 256),), torch.ones(1)), ("",), shape)
        return
    normals = tuple(fitted(images[labels == k], chosen.components or 12) for k in range(len(classes)))
    shares = labels.bincount(minlength=len(classes)).double() / len(labels)
    write(chosen.out, Mixture(normals, shares), classes, shape)


if __name__ == "__main__":
    main()
