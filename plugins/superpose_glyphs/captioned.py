"""The network of pictograms: told a caption by the sum of four rows, one of each table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from superpose import Clip, Condition, NoiseLevel, NoisePredictor, Prediction, PromptError, Schedule
from superpose_glyphs.captions import COLOUR_ROWS, DRAWN, read_caption, words_of
from superpose_glyphs.unshuffled import see
from superpose_networks import assign, load_unet2d, read_weights, ready

TABLES = "captions.safetensors"


class Captions(nn.Module):
    """Rows of four tables (N, 4), see `Caption.rows`, to features (N, width)."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        rows = (words, len(DRAWN), len(COLOUR_ROWS), len(COLOUR_ROWS))
        self.word, self.drawing, self.ink, self.paper = (nn.Embedding(count + 1, width) for count in rows)

    def forward(self, rows: Tensor) -> Tensor:
        word, drawing, ink, paper = rows.unbind(1)
        told: Tensor = self.word(word) + self.drawing(drawing) + self.ink(ink) + self.paper(paper)
        return told


class PictogramPredictor(NoisePredictor):
    """A U-Net that predicts the clean image.

    Arguments:
        folder: ``config.json`` and the weights, in the layout of ``UNet2DModel``; tables and words beside them.
        schedule: Noise levels it was trained on.
        clip: How its clean image is kept in range.
        device: Where it runs.
        dtype: What it computes in.
    """

    parameterization = "sample"

    def __init__(self, folder: Path, schedule: Schedule, clip: Clip | None, device: str, dtype: str) -> None:
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = torch.device(device)
        self.network = load_unet2d(folder, device=self.device, dtype=self.dtype)
        config = self.network.config
        side = config.sample_size * math.isqrt(config.in_channels // 3)
        self.shape, self.schedule, self.clip = (3, side, side), schedule, clip
        self.words = words_of(folder)
        with torch.device("meta"):
            captions = Captions(len(self.words), config.time_width)
        tables = folder / TABLES
        assign(captions, read_weights(tables, self.device, self.dtype), str(tables))
        self.captions = ready(captions)

    def condition(self, prompt: str) -> Condition:
        """The caption's features.

        Raises:
            PromptError: It is not understood.
        """
        try:
            rows = read_caption(prompt, self.words).rows(self.words)
        except ValueError as error:
            raise PromptError(str(error)) from error
        with torch.inference_mode():
            told = self.captions(torch.tensor([rows], device=self.device))
        return Condition(prompt, {"caption": told})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), level.t, device=self.device)
        return Prediction(see(self.network, x.to(self.dtype), t, conditioning["caption"]))
