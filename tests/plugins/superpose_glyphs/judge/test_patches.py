"""The picture of a Vision Transformer shows its filters' principal components and how like its positions are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from superpose_glyphs.judge.patches import components, likeness, main, tiled
from superpose_glyphs.train.batches import Subject
from superpose_glyphs.train.reading import ReadingPictograms, SeeingPictograms


def test_filters_that_are_multiples_of_one_have_it_for_component() -> None:
    rng = torch.Generator().manual_seed(0)
    one = torch.randn(192, generator=rng)
    shares = torch.randn(96, generator=rng)
    (found,) = components(shares[:, None] * one, 1)
    want = (one / one.abs().max()).view(3, 8, 8)
    assert min((found - want).abs().max(), (found + want).abs().max()) < 1e-5


def test_positions_are_like_themselves_and_unlike_others() -> None:
    maps = likeness(torch.eye(4) - 0.5)
    blue, white, red = torch.tensor([-1.0, -1, 1]), torch.ones(3), torch.tensor([1.0, -1, -1])
    own = likeness(torch.eye(4))
    for i in range(4):
        for j in range(4):
            assert torch.allclose(own[i, :, j // 2, j % 2], blue if i == j else white)
    assert torch.allclose(maps[0, :, 0, 0], blue)
    assert torch.allclose(likeness(torch.tensor([[1.0], [-1], [-1], [-1]]))[0, :, 0, 1], red)


def test_tiles_stand_in_a_square() -> None:
    shown = tiled(torch.arange(4.0)[:, None, None, None].expand(4, 3, 1, 1))
    assert shown.shape == (3, 24, 24)
    assert [float(shown[0, y, x]) for y in (0, 12) for x in (0, 12)] == [0, 1, 2, 3]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    few = Subject(("cat", "dog"))
    for task in (SeeingPictograms(few), ReadingPictograms(few)):
        task.export(task.network(), tmp_path / task.name)
    main(["--weights", str(tmp_path / "pictograms-vit"), "--out", str(tmp_path / "out.png")])
    assert (tmp_path / "out.png").exists()
    with pytest.raises(SystemExit):
        main(["--weights", str(tmp_path / "pictograms-classifier"), "--out", str(tmp_path / "none.png")])
    assert "has no Vision Transformer" in capsys.readouterr().err
