"""The command of the judge of glyphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from superpose_glyphs.judge.__main__ import main, name, pairs
from superpose_glyphs.judge.network import Judge
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.train.moving import FREEDOM
from superpose_glyphs.vocabulary import GLYPHS


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "data.npz",
        images=rng.integers(0, 256, (40, 32, 32)).astype(np.uint8),
        labels=np.arange(40, dtype=np.uint8),
        fonts=np.arange(40, dtype=np.uint16),
        classes=np.array(list(GLYPHS)),
        font_names=np.array([f"{one}-Bold.ttf" for one in GLYPHS[:40]]),
    )
    monkeypatch.setattr("superpose_glyphs.judge.__main__.PAIRS", ("AV", "dp"))
    moved = list[float]()
    monkeypatch.setattr(Freedom, "moved", lambda self, coverage, _: (moved.append(self.extent), coverage)[1])
    options: Any = ["--data", str(tmp_path / "data.npz"), "--state", str(tmp_path / "judge"), "--threads", "1"]
    main(["train", *options, "--judge-steps", "1", "--moved", "--precision", "bfloat16"])
    assert "real glyphs of families never seen" in capsys.readouterr().out
    assert moved == [FREEDOM.extent]  # letters are let to move as those of ``glyphs-moved`` are
    main(["pairs", *options, "--each", "1", "--steps", "2"])
    said = capsys.readouterr().out
    assert [line.split(":")[0] for line in said.splitlines()[1:]] == ["A/V", "d/p", "mean of 2 pairs"]
    guided = ["--guidance", "classifier", "--base", "0", "--scale", "8", "--eta", "1"]
    main(["pairs", *options, "--each", "1", "--steps", "2", *guided])
    assert "mean of 2 pairs" in capsys.readouterr().out
    main(["noisy", *options])
    assert capsys.readouterr().out.count("read right") == 6


class Knowing:
    """Draws an image of one value, which says the number of its glyph: of an ambigram, one on either half."""

    each = 2

    def glyph(self, prompt: str) -> torch.Tensor:
        return torch.full((2, 3, 32, 32), float(GLYPHS.index(prompt[-1])))

    def ambigram(self, a: str, b: str) -> torch.Tensor:
        image = self.glyph(a)
        image[:, :, 16:] = GLYPHS.index(b)
        return image


class Reading(Judge):
    """Reads the number at the top of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Identity()  # type: ignore[assignment]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = torch.zeros(len(x), 128)
        features[torch.arange(len(x)), x[:, 0, 0, 0].long()] = 1
        return features


def test_drawings_that_are_right_are_all_read_so(capsys: pytest.CaptureFixture[str]) -> None:
    draw: Any = Knowing()
    real = torch.cat([Reading()(draw.glyph(glyph)) for glyph in GLYPHS])
    name(Reading(), draw, real, ("{}", "colour {}"))
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "'A' and so on: 100.0% of 124 read as asked",
        "'colour A' and so on: 100.0% of 124 read as asked",
    ]
    assert float(said[2].removeprefix("distance from real glyphs: ")) == pytest.approx(0, abs=0.01)


def test_an_ambigram_is_read_from_both_sides(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw: Any = Knowing()
    pairs(Reading(), draw)
    assert capsys.readouterr().out.splitlines()[-1] == "mean of 18 pairs: 100.0% both, 100.0% upright, 100.0% turned"
    monkeypatch.setattr(Knowing, "ambigram", lambda self, a, b: self.glyph(a))  # reads as the first both ways up
    monkeypatch.setattr("superpose_glyphs.judge.__main__.PAIRS", ("AV", "OO"))
    pairs(Reading(), draw)
    assert capsys.readouterr().out.splitlines() == [
        "A/V: 0.0% both, 100.0% upright, 0.0% turned",
        "O/O: 100.0% both, 100.0% upright, 100.0% turned",
        "mean of 2 pairs: 50.0% both, 100.0% upright, 50.0% turned",
    ]
