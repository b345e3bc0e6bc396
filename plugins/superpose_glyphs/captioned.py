"""The network of pictograms: told a caption by the sum of four rows, one of each table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from superpose import EncodePrompt
from superpose_glyphs.captions import COLOUR_ROWS, DRAWN, caption_of
from superpose_networks import LazyNetwork, WeightFile

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


def lazy_captions(folder: Path, words: tuple[str, ...], width: int) -> LazyNetwork[Captions]:
    """The tables of captions in a folder of weights, of words and of the ``width`` that the network reads."""
    return LazyNetwork(lambda: Captions(len(words), width), WeightFile(folder / TABLES))


def encoder(captions: Captions, words: tuple[str, ...], device: str) -> EncodePrompt:
    """The features of captions; `PromptError` for one that is not understood."""

    def encoded(prompt: str) -> Mapping[str, Tensor]:
        rows = caption_of(prompt, words).rows(words)
        return {"labels": captions(torch.tensor([rows], device=device))}

    return encoded
