"""``glyphs`` for ambigrams: letters moved, resized and a little turned, so that two of them can meet somewhere.

And the classifier that reads them there.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import attrs
import numpy as np
import torch

from superpose_glyphs.train.batches import COLOUR, PLAIN, Batch, Images
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.train.pixels import ClassInStyle, Pixels
from superpose_glyphs.train.plan import LEVELS, Plan
from superpose_glyphs.train.reading import Reading
from superpose_networks import UNet2D, read_weights

#: The longer side of a letter takes 26 of 32 pixels, and none of it may leave the image.
FREEDOM = Freedom(turn=8, smallest=0.65, largest=1.15, shift=0.12, mirror=False, extent=26 / 32)


@attrs.frozen
class Moving(Pixels):
    """``glyphs-moved``: goes on from ``glyphs``, where that is given, with letters that stand elsewhere."""

    name = "glyphs-moved"
    plan = Plan(steps=6000, lr=3e-4)
    follows = True

    def network(self) -> UNet2D:
        """That of ``glyphs``, with what it has learned."""
        network = super().network()
        if self.after is not None:
            inherit(network, self.after)
        return network

    def batch(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images moved, prompts, noise levels, noise."""
        return _moved(images, plan, step, plan.unprompted)


@attrs.frozen
class ReadingMoved(Reading):
    """``glyphs-moved-classifier``: goes on from ``glyphs-classifier``, where that is given, with such letters."""

    name = "glyphs-moved-classifier"
    plan = Plan(steps=2500, lr=5e-4, attack=20.0)

    def shown(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images moved, classes, noise levels, noise."""
        return _moved(images, plan, step, 0.0)


def _moved(images: Images, plan: Plan, step: int, unprompted: float) -> Batch:
    rng = np.random.default_rng([plan.seed, step, 4])
    moved = images.moved(images.rows(plan.seed, step, plan.batch), FREEDOM, rng)
    return moved.batch(plan.seed, step, plan.batch, unprompted, LEVELS)


@torch.no_grad()
def inherit(network: UNet2D, folder: Path) -> None:
    """Load exported weights; their class table is split again into a class's row and a style's row."""
    found = read_weights(folder / "diffusion_pytorch_model.safetensors", "cpu", torch.float32)
    table = found.pop("class_embedding.weight")
    factors = cast(ClassInStyle, network.class_embedding)
    plain, coloured = (table[style * factors.classes : (style + 1) * factors.classes] for style in (PLAIN, COLOUR))
    network.load_state_dict(
        found
        | {
            "class_embedding.g.weight": torch.cat((plain, table[-1:])),
            "class_embedding.s.weight": torch.stack(
                (torch.zeros_like(table[0]), (coloured - plain).mean(0), torch.zeros_like(table[0]))
            ),
        }
    )
