"""What a Vision Transformer has learned of its input, as a picture (Dosovitskiy et al. 2020, fig. 7).

Left: the principal components of the filters that embed squares of pixels, each scaled to its own range. Right: of each
square's position a map, how like it is to those of all squares, by the cosine: blue is like, white is at right angles,
red is against.

``python -m superpose_glyphs.judge.patches --weights FOLDER --out patches.png``
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from superpose import to_pixels
from superpose_glyphs.reader import load_reader
from superpose_glyphs.vision import SQUARE, VisionReader

#: Components that are shown, and pixels of a side of what each number becomes.
COMPONENTS, SCALE = 64, 6


def main(arguments: list[str] | None = None) -> None:
    """The command line: see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="superpose_glyphs.judge.patches", description="Draw the filters and positions of a Vision Transformer."
    )
    parser.add_argument("--weights", type=Path, required=True, help="folder of its weights")
    parser.add_argument("--out", type=Path, required=True, help="PNG file")
    chosen = parser.parse_args(arguments)
    reader = load_reader(chosen.weights, side=64)
    if not isinstance(reader, VisionReader):
        parser.error(f"{chosen.weights} has no Vision Transformer: train pictograms-vit")
    picture(reader).save(chosen.out)


def picture(reader: VisionReader) -> Image.Image:
    """Filters and position maps side by side."""
    left, right = tiled(components(reader.patches.weight)), tiled(likeness(reader.positions))
    height, gap = max(left.shape[1], right.shape[1]), 4 * SCALE
    canvas = torch.ones(3, height, left.shape[2] + gap + right.shape[2])
    canvas[:, : left.shape[1], : left.shape[2]] = left
    canvas[:, : right.shape[1], left.shape[2] + gap :] = right
    return Image.fromarray(to_pixels(canvas[None])[0])


def components(filters: Tensor, count: int = COMPONENTS) -> Tensor:
    """The first principal components of filters (n, 3 * s * s) over the n features, as images (count, 3, s, s)."""
    centred = (filters - filters.mean(0)).float()
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    found: Tensor = directions[:count].view(-1, 3, SQUARE, SQUARE)
    largest: Tensor = found.abs().amax((1, 2, 3), keepdim=True)
    return found / largest


def likeness(positions: Tensor) -> Tensor:
    """Cosines of positions (L, width), a map for each, as images (L, 3, side, side)."""
    unit = nn.functional.normalize(positions.float(), dim=1)
    side = int(len(positions) ** 0.5)
    cosines = (unit @ unit.T).view(-1, 1, side, side)
    like, against = cosines.clamp(min=0), (-cosines).clamp(min=0)
    return 1 - 2 * torch.cat((like, like + against, against), 1).clamp(max=1)


def tiled(images: Tensor) -> Tensor:
    """Images (n, 3, s, s) in a square of rows and columns, enlarged, with white between them."""
    large = images.repeat_interleave(SCALE, 2).repeat_interleave(SCALE, 3)
    padded = nn.functional.pad(large, (0, SCALE, 0, SCALE), value=1.0)
    columns = round(len(images) ** 0.5)
    rows = [torch.cat(list(row), 2) for row in padded.split(columns)]
    return torch.cat(rows, 1)


if __name__ == "__main__":
    main()
