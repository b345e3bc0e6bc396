r"""The model of pictograms in training: its network says the clean image, its loss is that of v.

.. math::
    L = \min\Big(\frac{1}{\sigma_t^2}, \gamma + 1\Big) \lVert x_0 - f_\theta(x_t, t, c) \rVert^2

is that of ``pixels``, of the v that follows from the clean image. A network that sees 48 numbers of each of 16x16
places in fewer channels than the noise of them needs can still say what is clean (Li and He 2025, arXiv:2511.13720).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from superpose import replacing
from superpose_glyphs.captioned import TABLES, Captions
from superpose_glyphs.captions import DRAWN, WORDS, WORDS_FILE, Caption
from superpose_glyphs.model import prompts_of
from superpose_glyphs.phrases import COLOURS
from superpose_glyphs.train.batches import LEGIBLE, Array, Images, legible_pairs, paint, spread
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.train.plan import LEVELS, Plan, scales
from superpose_glyphs.train.task import Task
from superpose_glyphs.unshuffled import config, see
from superpose_networks import UNet2D, UNet2DConfig, read_weights

#: Sixteen pixels are one place of 48 channels. Attention where there are 8x8 places, and in the middle.
CONFIG = config(16, 48, (64, 128)) | {
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "mid_block_type": "UNetMidBlock2D",
    "attention_head_dim": 32,
    "class_embed_type": "identity",
}

#: How images are painted: so many black on white, so many in any colours, the others in two that are named.
PLAIN, ANY = 0.5, 0.2
#: Of those in named colours, how many have white paper.
WHITE = 0.3
#: How far a named colour may be from what its name says, in each channel.
STRAYS = 0.04
#: How often a caption says that a drawing is solid or outlined.
TOLD = 0.8


class Captioned(NamedTuple):
    """One step's questions.

    Attributes:
        clean: Images, shape (N, 3, H, W), in [-1, 1].
        rows: Their captions, shape (N, 4): see `Caption.rows`.
        t: Noise levels, shape (N,).
        noise: Unit normal, shaped as ``clean``.
    """

    clean: Tensor
    rows: Tensor
    t: Tensor
    noise: Tensor


class Painter(nn.Module):
    """The U-Net and the tables of its captions."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.unet = UNet2D(UNet2DConfig.from_mapping(CONFIG))
        self.captions = Captions(words, self.unet.config.time_width)
        nn.init.zeros_(self.unet.conv_out.weight)
        for table in self.captions.children():
            nn.init.normal_(cast(nn.Embedding, table).weight, std=0.2)

    def forward(self, x: Tensor, t: Tensor, rows: Tensor) -> Tensor:
        """The clean image of noisy ones (N, 3, H, W), given rows of the tables (N, 4)."""
        return see(self.unet, x, t, self.captions(rows))


@attrs.frozen
class Captioning(Task):
    """``pictograms``: images of 64x64 pixels by a caption."""

    name = "pictograms"
    plan = Plan(steps=9000, lr=1e-3)
    follows = True
    side = 64
    vocabulary = WORDS
    freedom = Freedom()

    def network(self) -> Painter:
        """A U-Net that knows captions; with what it, or one of glyphs of half the sides, has learned before."""
        painter = Painter(len(self.subject.classes))
        if self.after is not None:
            (go_on if (self.after / TABLES).exists() else inherit)(painter, self.after, self.subject.classes)
        return painter

    def batch(self, images: Images, plan: Plan, step: int) -> Captioned:
        """Images, captions, noise levels, noise."""
        rng = np.random.default_rng([plan.seed, step])
        rows = images.evenly(rng, plan.batch)
        coverage = self.freedom.moved(images.pixels[rows], rng)
        captions, ink, paper = painted_as(rng, len(rows))
        told, said = rng.random(plan.batch) < TOLD, rng.random(plan.batch) >= plan.unprompted
        classes = self.subject.classes
        numbers = [
            attrs.evolve(
                caption, word=classes[images.labels[row]], drawing=DRAWN[1 - images.styles[row]] if drawn else None
            ).rows(classes)
            if heard
            else Caption().rows(classes)
            for row, caption, drawn, heard in zip(rows, captions, told, said, strict=True)
        ]
        clean = paint(coverage, ink, paper)
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        t = torch.from_numpy(spread(rng, plan.batch, LEVELS))
        return Captioned(torch.from_numpy(clean), torch.tensor(numbers), t, torch.from_numpy(noise))

    def loss(self, network: nn.Module, batch: Captioned, plan: Plan) -> Tensor:
        """The weighted mean square error of the clean image."""
        alpha, sigma = scales(batch.t)
        # Of heads so small the plain way costs a CPU less than the one that spares memory.
        with sdpa_kernel(SDPBackend.MATH):
            guess = network(alpha * batch.clean + sigma * batch.noise, batch.t, batch.rows)
        mean: Tensor = (plan.weight(sigma) / sigma**2 * (batch.clean - guess.float()) ** 2).mean()
        return mean

    def export(self, network: nn.Module, folder: Path) -> None:
        """``config.json`` and weights in the published layout; the tables and words of captions beside."""
        painter = cast(Painter, network)
        save_halves(painter.unet.state_dict(), folder / "diffusion_pytorch_model.safetensors")
        save_halves(painter.captions.state_dict(), folder / TABLES)
        for name, content in (("config.json", CONFIG), (WORDS_FILE, self.subject.classes)):
            with replacing(folder / name) as path:
                path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def painted_as(rng: np.random.Generator, count: int) -> tuple[list[Caption], Array, Array]:
    """Colours that captions name, and the ink and paper of each, shape (count, 3) in [0, 1]."""
    ink, paper = legible_pairs(rng, count)
    way, names = rng.random(count), tuple(COLOURS)
    captions = [Caption() for _ in range(count)]
    for row in range(count):
        if way[row] < PLAIN:
            captions[row], ink[row], paper[row] = Caption(ink="black", paper="white"), 0.0, 1.0
        elif way[row] >= PLAIN + ANY:
            one, other = _legible(rng, names)
            captions[row] = Caption(ink=one, paper=other)
            for side, name in ((ink, one), (paper, other)):
                side[row] = np.clip(COLOURS[name] + rng.uniform(-STRAYS, STRAYS, 3), 0, 1)
    return captions, ink, paper


def _legible(rng: np.random.Generator, names: tuple[str, ...]) -> tuple[str, str]:
    while True:
        ink = names[rng.integers(len(names))]
        paper = "white" if rng.random() < WHITE else names[rng.integers(len(names))]
        if np.linalg.norm(np.subtract(COLOURS[ink], COLOURS[paper])) >= LEGIBLE:
            return ink, paper


def go_on(painter: Painter, folder: Path, words: tuple[str, ...]) -> None:
    """Load exported weights of this same network.

    Raises:
        ValueError: They are of other words.
    """
    if (known := tuple(json.loads((folder / WORDS_FILE).read_text(encoding="utf-8")))) != words:
        raise ValueError(f"{folder} knows {len(known)} words, and not just those to learn; take others' weights")
    for part, file in ((painter.unet, "diffusion_pytorch_model.safetensors"), (painter.captions, TABLES)):
        part.load_state_dict(read_weights(folder / file, "cpu", torch.float32))


@torch.no_grad()
def inherit(painter: Painter, folder: Path, words: tuple[str, ...]) -> None:
    """Weights that a network of half the sides, by ``pixels``, has learned, for the same widths.

    Four of the pixels here are one there, as their mean; and where noise rules, v there is minus the clean image here.
    """
    found = read_weights(folder / "diffusion_pytorch_model.safetensors", "cpu", torch.float32)
    prompts = prompts_of(folder)
    table = found.pop("class_embedding.weight")
    quarter = torch.arange(48).view(3, 4, 4)
    parent = (quarter // 16 * 4 + quarter % 16 // 4 // 2 * 2 + quarter % 4 // 2).flatten()
    found["conv_in.weight"] = found["conv_in.weight"][:, parent] / 4
    found["conv_out.weight"], found["conv_out.bias"] = (
        -found["conv_out.weight"][parent],
        -found["conv_out.bias"][parent],
    )
    painter.unet.load_state_dict(found)
    captions = painter.captions
    plain = {word: table[prompts.index(word)] for word in words if word in prompts}
    coloured = {word: table[prompts.index(f"colour {word}")] for word in plain}
    style = torch.stack([coloured[word] - plain[word] for word in plain]).mean(0)
    shared = torch.stack(list(plain.values())).mean(0)
    for row, word in enumerate(words, 1):
        captions.word.weight[row] = coloured[word] - style if word in plain else shared + captions.word.weight[row]
    captions.word.weight[0] = table[-1] - style
    captions.ink.weight[0] = style  # any colour; a named one, black above all, is learned
    captions.drawing.weight[0] = captions.paper.weight[0] = 0
