r"""The model that edits in training: v-prediction beside the image before, told an instruction.

As InstructPix2Pix (Brooks et al. 2022, arXiv:2211.09800): the image before lies beside the noisy one as channels whose
weights begin at zero, and the instruction, the image, or both are left out now and then, so that guidance has three
answers to go by. Its data are pairs that ``superpose edits`` writes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, cast

import attrs
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from superpose import replacing
from superpose_glyphs.editor import SQUARE, edited
from superpose_glyphs.model import WEIGHTS
from superpose_glyphs.train.batches import Array, Images, Subject, spread
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.plan import LEVELS, Plan, scales
from superpose_glyphs.train.task import Task
from superpose_glyphs.unshuffled import config
from superpose_networks import UNet2D, UNet2DConfig, read_weights

#: What `superpose edits` lists its pairs in.
INDEX = "edits.jsonl"
#: Of each square of four pixels, noisy and given, the network reads 24 numbers, and says 12.
STATE = 3 * SQUARE**2
CONFIG = config(16, 2 * STATE, (32, 64)) | {"out_channels": STATE}
#: Pixels that both images of a pair may be moved by, to either side.
SHIFT = 3


class Edited(NamedTuple):
    """One step's questions.

    Attributes:
        clean: Images after the edit, shape (N, 3, H, W), in [-1, 1].
        before: Images before it, zeros where they are left out; shaped as ``clean``.
        label: Numbers of the instructions, shape (N,).
        t: Noise levels, shape (N,).
        noise: Unit normal, shaped as ``clean``.
    """

    clean: Tensor
    before: Tensor
    label: Tensor
    t: Tensor
    noise: Tensor


@attrs.frozen
class Editing(Task):
    """``glyphs-edit``: goes on from weights of its own, where they are given."""

    name = "glyphs-edit"
    plan = Plan(steps=8000, lr=2e-3, hold_out=0.0, unprompted=0.05, precision="float32")
    follows = True

    @classmethod
    def read(cls, path: Path, plan: Plan) -> Images:  # noqa: ARG003  # other seeds of superpose edits are held out
        """Pairs side by side, the image before on the left."""
        return read_pairs(path, cls.side)

    def network(self) -> UNet2D:
        """A U-Net that at first does not see the image before."""
        network = UNet2D(UNet2DConfig.from_mapping(self._config))
        nn.init.zeros_(network.conv_out.weight)
        with torch.no_grad():
            network.conv_in.weight[:, STATE:] = 0
        if self.after is not None:
            network.load_state_dict(read_weights(self.after / WEIGHTS, "cpu", torch.float32))
        return network

    def batch(self, images: Images, plan: Plan, step: int) -> Edited:
        """Both images, moved together, with or without what they are told."""
        rows = images.rows(plan.seed, step, plan.batch)
        rng = np.random.default_rng([plan.seed, step, 7])
        pairs, _ = images.painted(rows, rng)
        before, clean = (np.ascontiguousarray(half) for half in np.split(moved(pairs, rng), 2, axis=3))
        label, share, left_out = images.labels[rows].copy(), plan.unprompted, rng.random(plan.batch)
        label[left_out < 2 * share] = len(images.subject.classes)
        before[(left_out >= share) & (left_out < 3 * share)] = 0
        t, noise = spread(rng, plan.batch, LEVELS), rng.standard_normal(clean.shape, dtype=np.float32)
        return Edited(*map(torch.from_numpy, (clean, before, label, t, noise)))

    def loss(self, network: nn.Module, batch: Edited, plan: Plan) -> Tensor:
        """The weighted mean square error of v."""
        alpha, sigma = scales(batch.t)
        v = alpha * batch.noise - sigma * batch.clean
        x = torch.cat((alpha * batch.clean + sigma * batch.noise, batch.before), dim=1)
        guess = edited(cast(UNet2D, network), x, batch.t, batch.label)
        mean: Tensor = (plan.weight(sigma) * (v - guess.float()) ** 2).mean()
        return mean

    def export(self, network: nn.Module, folder: Path) -> None:
        """``config.json`` and weights in the published layout; the instructions beside."""
        save_halves(network.state_dict(), folder / WEIGHTS)
        for name, content in (("config.json", self._config), ("prompts.json", self.subject.prompts)):
            with replacing(folder / name) as path:
                path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @property
    def _config(self) -> dict[str, Any]:
        return CONFIG | {"num_class_embeds": len(self.subject.prompts)}


def read_pairs(folder: Path, side: int) -> Images:
    """The pairs of a folder that ``superpose edits`` wrote: images (n, side, 2 side, 3), labels, and instructions.

    Raises:
        ValueError: It has none, or a line that is no pair.
        OSError: A file can't be read.
    """
    listed = folder / INDEX
    if not listed.exists():
        raise ValueError(f"there is no {INDEX}: make pairs with superpose edits")
    try:
        rows = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
        told = [(str(row["instruction"]), row["before"], row["after"]) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{listed} has a line that is no pair of superpose edits: {error}") from error
    if not told:
        raise ValueError(f"{listed} has no pair")
    subject = Subject(tuple(sorted({instruction for instruction, _, _ in told})), inked=False)
    numbers = {instruction: number for number, instruction in enumerate(subject.classes)}
    pixels = [np.concatenate([_read(folder / name, side) for name in names], 1) for _, *names in told]
    return Images(np.stack(pixels), np.array([numbers[instruction] for instruction, _, _ in told]), subject)


def moved(pairs: Array, rng: np.random.Generator) -> Array:
    """Pairs (n, 3, H, 2W), both images of each moved alike; what comes in is like the edge."""
    count, _, tall, wide = pairs.shape
    by = rng.integers(-SHIFT, SHIFT + 1, (2, count, 1))
    sides = tall, wide // 2
    rows, columns = (np.clip(np.arange(side) + shift, 0, side - 1) for side, shift in zip(sides, by, strict=True))
    both = np.concatenate((columns, columns + wide // 2), 1)
    found: Array = pairs[np.arange(count)[:, None, None], :, rows[:, :, None], both[:, None, :]]
    return np.ascontiguousarray(found.transpose(0, 3, 1, 2))


def _read(path: Path, side: int) -> Array:
    with Image.open(path) as image:
        found = np.asarray(image.convert("RGB"))
    if found.shape != (side, side, 3):
        raise ValueError(f"{path} is {found.shape[0]}x{found.shape[1]}, and this model edits {side}x{side}")
    return found
