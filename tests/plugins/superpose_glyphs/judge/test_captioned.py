"""The judge of pictograms: what it measures, each on something whose length is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from made_glyphs import disc, icons
from superpose import RecipeError
from superpose_glyphs.captions import WORDS
from superpose_glyphs.judge.captioned import drawn, nearest, outlined
from superpose_glyphs.judge.captioned import main as judge
from superpose_glyphs.judge.outlines import hollowed
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.captioned import Captioning
from superpose_glyphs.train.reading import ReadingPictograms


def test_outlines_are_told_from_solids() -> None:
    full, hole = disc(radius=20), disc(radius=16)
    drawn = torch.from_numpy(np.stack([full, full - hole])).float()[:, None].expand(-1, 3, -1, -1)
    assert outlined(1 - drawn / 127.5).tolist() == [False, True]


def test_styles_are_learned_from_the_data(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    told, solid = drawn(images), images.styles == 0
    assert told.subject.classes == ("outline", "solid")
    first, lines = told.labels[: len(solid)], told.labels[len(solid) :]
    assert (first == solid).all(), "the data's 1 is an outline, which comes first here"
    assert (told.pixels[: len(solid)] == images.pixels).all()
    assert (lines == 0).all()
    assert (told.pixels[len(solid) :] == hollowed(images.pixels[solid])).all()


def test_a_copy_is_found_moved_and_mirrored() -> None:
    rng = np.random.default_rng(0)
    pixels = (rng.integers(0, 2, (20, 16, 16)) * 255).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    pixels[:, :8] = pixels[:, -8:] = pixels[:, :, :8] = pixels[:, :, -8:] = 0
    copy = np.roll(pixels[7, :, ::-1], (4, -8), (0, 1))
    image = torch.from_numpy(1 - np.stack([copy, pixels[3]]) / 127.5).float()[:, None].expand(-1, 3, -1, -1)
    likeness, picture = nearest(image, Images(pixels, np.zeros(20, int)))
    assert likeness == pytest.approx([1, 1], abs=1e-4)
    np.testing.assert_array_equal(np.asarray(picture)[64:, :64, 0], 255 - pixels[7])
    unlike, _ = nearest(image, Images(pixels[10:], np.zeros(10, int)))
    assert max(unlike) < 0.8


def test_judge_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("superpose_glyphs.judge.captioned.NEAREST", 2)
    task = Captioning(Subject(WORDS[:2]))
    task.export(task.network(), tmp_path / "weights")
    options = ["--data", str(icons(tmp_path / "icons.npz")), "--state", str(tmp_path), "--threads", "1"]
    judge(["train", *options, "--judge-steps", "1", "--weights", str(tmp_path / "weights")])
    assert capsys.readouterr().out.count("real icons of sets never seen") == 4
    (tmp_path / "pairs.json").write_text(json.dumps({"pairs": [{"first": WORDS[0], "second": WORDS[1]}]}))
    drawn = ["--weights", str(tmp_path / "weights"), "--each", "1", "--steps", "1"]
    judge(["name", *options, *drawn])
    said = capsys.readouterr().out
    assert said.count("read as asked") == 5
    assert said.count("drawn so") == said.count("by the rule of the data") == 2
    assert (tmp_path / "nearest.png").exists()
    judge(["pairs", *options, *drawn, "--pairs", str(tmp_path / "pairs.json")])
    said = capsys.readouterr().out
    assert f"mean of 1 pairs, of all {len(WORDS)} words: " in said
    assert "mean of 1 pairs, of the 2 words: " in said
    reading = ReadingPictograms(Subject(WORDS[:2]))
    reading.export(reading.network(), tmp_path / "reader")
    steered = ["pairs", *options, *drawn, "--pairs", str(tmp_path / "pairs.json"), "--steer", "5", "--reader"]
    judge([*steered, str(tmp_path / "reader")])
    assert "mean of 1 pairs" in capsys.readouterr().out
    of_all = ReadingPictograms(Subject(WORDS))
    of_all.export(of_all.network(), tmp_path / "all")
    judge(["noisy", *options, "--reader", str(tmp_path / "all")])
    assert capsys.readouterr().out.count("read right") == 6
    with pytest.raises(RecipeError, match="missing-reader"):
        judge([*steered, str(tmp_path / "missing-reader")])


def test_a_gap_in_a_line_lets_the_paper_in() -> None:
    """So that an outline that is open is all of its own silhouette: why a network tells styles, too."""
    ring = disc(radius=20) - disc(radius=16)
    open_ring = ring.copy()
    open_ring[:, 30:34] = 0
    empty = np.zeros_like(ring)
    images = torch.from_numpy(np.stack([ring, open_ring, empty])).float()[:, None].expand(-1, 3, -1, -1)
    assert outlined(1 - images / 127.5).tolist() == [True, False, True]
