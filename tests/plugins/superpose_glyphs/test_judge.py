"""What the judge measures with: each yardstick on something whose length is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from superpose_glyphs.judge.__main__ import main
from superpose_glyphs.judge.drawing import PAIRS
from superpose_glyphs.judge.network import Judge, distance, look, same
from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.train.moving import FREEDOM
from superpose_glyphs.vocabulary import GLYPHS, class_of


def test_cases_count_as_one() -> None:
    asked = torch.tensor([class_of(one) for one in "aoOIx"])
    read = torch.tensor([class_of(one) for one in "A00lX"])
    assert same(read, asked).tolist() == [True, True, True, False, True]


def test_distance_of_normal_features() -> None:
    a = torch.randn(20_000, 8, generator=torch.Generator().manual_seed(0))
    assert distance(a, a) == pytest.approx(0, abs=1e-6)
    assert distance(a, 3 * a + 1) == pytest.approx(8 * (1 + 4), rel=0.02)  # |shift|^2 + sum of (3 - 1)^2


def test_look_gives_features_and_readings() -> None:
    features, read = look(Judge().eval(), torch.randn(3, 3, 32, 32))
    assert features.shape == (3, 128)
    assert read.shape == (3,)


def test_pairs_are_of_glyphs() -> None:
    assert len(PAIRS) == 18
    assert all(len(pair) == 2 and set(pair) <= set(GLYPHS) for pair in PAIRS)


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
