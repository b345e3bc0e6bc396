"""Data to train on, made up: glyphs, icons, and images in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from superpose_glyphs.captions import WORDS
from superpose_glyphs.train.batches import Images
from superpose_glyphs.vocabulary import GLYPHS


def squares(path: Path, side: int = 32) -> Path:
    """A file of seven fonts with one glyph each, made of squares."""
    rng = np.random.default_rng(0)
    np.savez(
        path,
        images=(rng.integers(0, 2, (7, 4, 4)) * 255).repeat(side // 4, 1).repeat(side // 4, 2).astype(np.uint8),
        labels=np.arange(7, dtype=np.uint8),
        fonts=np.arange(7, dtype=np.uint16),
        classes=np.array(list(GLYPHS)),
        font_names=np.array([f"font{i}-Bold.otf" for i in "abcdefg"]),
    )
    return path


def folder_of_images(path: Path) -> Path:
    """A folder of six images of cats and dogs, with their labels."""
    path.mkdir()
    rng = np.random.default_rng(0)
    for i in range(6):
        Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(path / f"{i}.png")
    (path / "labels.csv").write_text(
        "file,label\n" + "".join(f"{i}.png,{'cat' if i % 2 else 'dog'}\n" for i in range(6))
    )
    return path


def icons(path: Path, words: tuple[str, ...] = WORDS) -> Path:
    """A file of two icons of each word, of noise; odd ones are outlines."""
    rng = np.random.default_rng(0)
    count = 2 * len(words)
    np.savez(
        path,
        images=rng.integers(0, 256, (count, 64, 64), dtype=np.uint8),
        labels=np.arange(count) % len(words),
        fonts=np.arange(count),
        classes=np.array(words),
        font_names=np.array([f"{chr(97 + i % 26)}{chr(97 + i // 26)}-set" for i in range(count)]),
        styles=np.arange(count) % 2,
    )
    return path


def disc(side: int = 64, radius: float = 12, at: tuple[float, float] = (31.5, 31.5)) -> np.ndarray[Any, Any]:
    """A filled circle."""
    y, x = np.mgrid[:side, :side]
    return ((np.hypot(y - at[0], x - at[1]) < radius) * 255).astype(np.uint8)


def some_images(side: int = 32, count: int = 24) -> Images:
    """Glyphs made of squares, every other one of a bold font."""
    rng = np.random.default_rng(0)
    pixels = np.kron(rng.integers(0, 2, (count, side // 8, side // 8)), np.ones((8, 8))) * 255
    fonts = np.array([("Carlito-Bold.ttf", "Carlito.ttf")[i % 2] for i in range(count)])
    return Images(pixels.astype(np.uint8), np.arange(count) % len(GLYPHS), sources=fonts, styles=np.zeros(count, int))
