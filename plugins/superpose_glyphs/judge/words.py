"""Figures of ``glyphs-ldm``: how well its first stage keeps an image, and whether each word does what it says.

``python -m superpose_glyphs.judge phrases --data glyphs32.npz --state FOLDER`` prints them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from superpose import NoisePredictor
from superpose_glyphs.phrases import COLOURS
from superpose_glyphs.train.batches import Images
from superpose_glyphs.train.phrased import shown
from superpose_glyphs.vocabulary import GLYPHS

#: Coloured phrases of a glyph, by which ink each is painted.
INKS = ("red", "blue", "green", "purple")

Paint = Callable[[str], Tensor]


def kept(predictor: NoisePredictor, images: Images, count: int = 1000) -> float:
    """Peak signal to noise of images encoded and decoded, in dB: of the mean square error over all of them."""
    rng = np.random.default_rng(0)
    clean, _ = shown(images, rng.choice(len(images.pixels), count, replace=False), rng)
    with torch.inference_mode():
        again = torch.cat([predictor.decode(predictor.encode(one)).clamp(-1, 1) for one in clean.split(64)])
    return 10 * math.log10(4 / float(nn.functional.mse_loss(again, clean)))


def inked(images: Tensor) -> tuple[Tensor, Tensor]:
    """Share of ink (N, 1, H, W) in each pixel of two-coloured images (N, 3, H, W), and the colour of ink (N, 3).

    Paper is the median of the frame; ink, the mean of what is farthest from it.
    """
    frame = torch.cat((images[..., :2, :].flatten(2), images[..., -2:, :].flatten(2), images[..., :2].flatten(2)), 2)
    paper = frame.median(dim=2).values[:, :, None, None]
    away = (images - paper).norm(dim=1, keepdim=True)
    far = (away > 0.8 * away.flatten(1).quantile(0.98, dim=1)[:, None, None, None]).float()
    ink = (images * far).sum((2, 3)) / far.sum((2, 3)).clamp(min=1)
    line = ink[:, :, None, None] - paper
    share = ((images - paper) * line).sum(1, keepdim=True) / line.square().sum(1, keepdim=True).clamp(min=1e-6)
    return share.clamp(0, 1), ink


def called(colours: Tensor) -> list[str]:
    """Which of the named colours each (N, 3) in [-1, 1] is nearest to."""
    centres = 2 * torch.tensor([*COLOURS.values()]) - 1
    return [tuple(COLOURS)[i] for i in torch.cdist(colours, centres).argmin(1).tolist()]


def words(paint: Paint) -> dict[str, float]:
    """Shares of pairs, painted from the same noise, in which a word does what it says, over all glyphs.

    Arguments:
        paint: Images of a phrase, (N, 3, H, W); the same noise at every call.
    """
    found: dict[str, list[Tensor]] = {name: [] for name in ("bold", "light", "apart", *INKS)}
    for glyph in GLYPHS:
        plain, _ = inked(paint(glyph))
        for weight, sign in (("bold", 1), ("light", -1)):
            share, _ = inked(paint(f"{weight} {glyph}"))
            found[weight].append(sign * (share - plain).mean((1, 2, 3)) > 0)
        for ink in INKS:
            share, colour = inked(paint(f"{glyph} in {ink}"))
            found[ink].append(torch.tensor([name == ink for name in called(colour)]))
            found["apart"].append((share - plain).abs().mean((1, 2, 3)))
    return {name: float(torch.cat(shares).float().mean()) for name, shares in found.items()}
