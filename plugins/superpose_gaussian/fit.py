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
    """The likeliest distribution of grey images (N, H, W) in [-1, 1], as RGB images, with ``count`` components.

    Raises:
        ValueError: If the images have no variance beside so many components: every density would be infinite.
    """
    rows = images.flatten(1).double()
    # So many directions differ between the images; one of them at least is left for the rest.
    most = min(len(rows) - 1, rows.shape[1]) - 1
    if not 0 <= count <= most:
        size = "x".join(map(str, images.shape[1:]))
        cure = f"write from 0 to {most}" if most >= 0 else "too few images"
        raise ValueError(f"{count} components of {len(rows)} images of {size}: {cure}")
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
    groups = [images] if chosen.model == "gaussian" else [images[labels == k] for k in range(len(classes))]
    count = chosen.components if chosen.components is not None else 256 if chosen.model == "gaussian" else 12
    try:
        normals = tuple(fitted(group, count) for group in groups)
    except ValueError as error:
        parser.error(f"--components: {error}")
    shares = torch.tensor([len(group) for group in groups]).double() / len(images)
    names = ("",) if chosen.model == "gaussian" else classes
    write(chosen.out, Mixture(normals, shares), names, (3, images.shape[1], images.shape[2]))


if __name__ == "__main__":
    main()
