"""Figures of codes: slants, styles by name, and the whole command."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from made_glyphs import some_images
from superpose_glyphs.judge import codes
from superpose_glyphs.train.batches import Images
from superpose_glyphs.vocabulary import GLYPHS


@pytest.mark.parametrize("degrees", [-20, 0, 15])
def test_slant_of_a_leaning_bar(degrees: float) -> None:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    share = ((x - 32 + (y - 32) * math.tan(math.radians(degrees))).abs() < 4) & ((y - 32).abs() < 24)
    found = codes.slant(share[None, None].float())
    assert math.degrees(math.atan(float(found))) == pytest.approx(degrees, abs=1)


def test_figures_of_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = some_images(count=60)
    np.savez(
        tmp_path / "data.npz",
        images=images.pixels,
        labels=images.labels.astype(np.uint8),
        fonts=np.arange(60, dtype=np.uint16),
        classes=np.array(list(GLYPHS)),
        font_names=np.array([f"{GLYPHS[i] * 5}{'-Bold' * (i % 2)}{'-Italic' * (i % 3 == 0)}.ttf" for i in range(60)]),
    )
    codes.main(["--data", str(tmp_path / "data.npz"), "--each", "2", "--steps", "2", "--strength", "0.1"])
    said = capsys.readouterr().out
    for line in ("to noise: mean square error", "bold: its own line", "italic: a line fitted", "bold +0.10", "degrees"):
        assert line in said, said


def test_some_are_always_the_same_and_plain_ones_tell_no_style() -> None:
    images = some_images()
    rows = codes.some(images, 10)
    np.testing.assert_array_equal(rows, codes.some(images, 24)[:10])
    assert sorted(codes.some(images, 99)) == list(range(24))
    plain = codes.some(images, 99, plain=True)
    assert sorted(plain) == list(range(1, 24, 2)), "the others are bold by name"


def test_styles_are_told_by_the_names_of_fonts() -> None:
    images = Images(
        np.zeros((3, 8, 8)), np.zeros(3, int), sources=np.array(["A-Bold.ttf", "A.ttf", "B-BoldItalic.ttf"])
    )
    told = codes.told(images, np.array([2, 0, 1, 0]), ("italic", "bold"))
    assert told.tolist() == [[1, 1], [0, 1], [0, 0], [0, 1]]
