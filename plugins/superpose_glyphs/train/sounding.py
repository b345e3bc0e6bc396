r"""The model of spectrograms in training, and the classifier that reads them: black on white, dark is loud.

Sounds are shifted in time and in pitch, made quieter, and half of them are heard through a gate and a filter whose
edges move: a sound that lasts from here to there and has no more than these frequencies is the same sound still, and
an image that shall sound needs that freedom. The network says the clean image, as that of ``pictograms``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from superpose import replacing
from superpose_glyphs.model import WEIGHTS
from superpose_glyphs.reader import Reader
from superpose_glyphs.sounds import WORDS
from superpose_glyphs.train.batches import Array, Batch, Images, paint, spread
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.plan import LEVELS, Plan, scales
from superpose_glyphs.train.reading import Reading
from superpose_glyphs.train.task import Task
from superpose_glyphs.unshuffled import config, see
from superpose_networks import UNet2D, UNet2DConfig

#: Sixteen pixels are one place of 48 channels. Attention where there are 8x8 places, and in the middle.
CONFIG = config(16, 48, (48, 64)) | {
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "mid_block_type": "UNetMidBlock2D",
    "attention_head_dim": 32,
}

#: Widths of the classifier.
WIDTHS = (32, 48, 64)
#: How many sounds go through a gate and a filter; bands that a sound may move; how much quieter it may be.
FILTERED, BANDS, QUIETER = 0.5, 3, 0.15


def varied(loud: Array, rng: np.random.Generator) -> Array:
    """Sounds shifted, quieter, and half of them cut out in time and frequency, each in its own way.

    Arguments:
        loud: Loudness (n, bands, frames) uint8.
        rng: What draws how.
    """
    count, bands, frames = loud.shape
    columns = (np.arange(frames) + rng.integers(frames, size=(count, 1))) % frames
    rows = np.arange(bands) + rng.integers(-BANDS, BANDS + 1, size=(count, 1))
    inside = (rows >= 0) & (rows < bands)
    moved = loud[np.arange(count)[:, None, None], rows.clip(0, bands - 1)[:, :, None], columns[:, None, :]]
    level = np.maximum(moved / 255.0 - rng.uniform(0, QUIETER, (count, 1, 1)), 0) * inside[:, :, None]
    window = np.where(rng.random((count, 1, 1)) < FILTERED, _window(rng, count, bands, frames), 1)
    varied_: Array = np.round(255 * level * window).astype(np.uint8)
    return varied_


def _window(rng: np.random.Generator, count: int, bands: int, frames: int) -> Array:
    """A gate and a filter with soft edges that move, shape (n, bands, frames) in [0, 1]."""
    time = np.linspace(0, 1, frames)
    start, length = rng.uniform(0, 0.4, (2, count, 1))
    soft = rng.uniform(0.01, 0.05, (count, 1))
    gate = _step((time - start) / soft) * _step((1 - length - time) / soft)
    turns, phases = rng.uniform(0.3, 1.8, (2, 2, count, 1)), rng.random((2, 2, count, 1))
    sway = np.sin(2 * np.pi * (turns * time + phases)).mean(0) * rng.uniform(0, 0.3, (2, count, 1))
    middle, half = rng.uniform(0.35, 0.65, (count, 1)), rng.uniform(0.2, 0.55, (count, 1))
    low, high = middle - half + sway[0], middle + half + sway[1]
    pitch, edge = np.linspace(1, 0, bands)[:, None], rng.uniform(0.01, 0.03, (count, 1, 1))
    band = _step((pitch - low[:, None, :]) / edge) * _step((high[:, None, :] - pitch) / edge)
    window: Array = gate[:, None, :] * band
    return window


def _step(x: Array) -> Array:
    step: Array = 0.5 + 0.5 * np.tanh(x / 2)
    return step


def drawn(images: Images, plan: Plan, step: int, stream: int, unprompted: float) -> Batch:
    """A step's spectrograms, black on white, with their words, noise levels and noise."""
    rng = np.random.default_rng([plan.seed, step, stream])
    rows = images.rows(plan.seed, step, plan.batch)
    ink, paper = np.zeros((plan.batch, 3), np.float32), np.ones((plan.batch, 3), np.float32)
    clean = paint(varied(images.pixels[rows], rng), ink, paper)
    label = images.labels[rows].copy()
    label[rng.random(plan.batch) < unprompted] = len(images.subject.classes)
    t, noise = spread(rng, plan.batch, LEVELS), rng.standard_normal(clean.shape, dtype=np.float32)
    return Batch(*map(torch.from_numpy, (clean, label, t, noise)))


@attrs.frozen
class Sounding(Task):
    """``sounds``: spectrograms of 64x64 pixels by the word for what sounds."""

    name = "sounds"
    plan = Plan(steps=9000, lr=1.5e-3, hold_out=0.0)
    side = 64
    vocabulary = WORDS

    def network(self) -> UNet2D:
        """A U-Net with a row for each word, and one for none."""
        network = UNet2D(UNet2DConfig.from_mapping(self._config))
        nn.init.zeros_(network.conv_out.weight)
        return network

    def batch(self, images: Images, plan: Plan, step: int) -> Batch:
        """Spectrograms, words, noise levels, noise."""
        return drawn(images, plan, step, 5, plan.unprompted)

    def loss(self, network: nn.Module, batch: Batch, plan: Plan) -> Tensor:
        """The weighted mean square error of the clean image."""
        alpha, sigma = scales(batch.t)
        # Of heads so small the plain way costs a CPU less than the one that spares memory.
        with sdpa_kernel(SDPBackend.MATH):
            guess = see(cast(UNet2D, network), alpha * batch.clean + sigma * batch.noise, batch.t, batch.label)
        mean: Tensor = (plan.weight(sigma) / sigma**2 * (batch.clean - guess.float()) ** 2).mean()
        return mean

    def export(self, network: nn.Module, folder: Path) -> None:
        """``config.json`` and weights in the published layout; the words beside."""
        save_halves(network.state_dict(), folder / WEIGHTS)
        for name, content in (("config.json", self._config), ("prompts.json", (*self.subject.classes, ""))):
            with replacing(folder / name) as path:
                path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @property
    def _config(self) -> dict[str, Any]:
        return CONFIG | {"num_class_embeds": len(self.subject.classes) + 1}


@attrs.frozen
class ReadingSounds(Reading):
    """``sounds-classifier``: which sound a noisy spectrogram shows."""

    name = "sounds-classifier"
    plan = Plan(steps=1500, lr=2e-3, hold_out=0.0)
    side = 64
    vocabulary = WORDS

    def fresh(self) -> Reader:
        """A narrower network."""
        return Reader(len(self.subject.classes), WIDTHS, self.side)

    def shown(self, images: Images, plan: Plan, step: int) -> Batch:
        """Spectrograms, words, noise levels, noise."""
        return drawn(images, plan, step, 6, 0.0)
