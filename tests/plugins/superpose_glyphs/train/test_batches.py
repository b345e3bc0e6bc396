"""Batches are functions of data, plan and step, painted as their prompts say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from made_glyphs import folder_of_images, icons, squares
from superpose_glyphs.captions import WORDS
from superpose_glyphs.train.batches import LEGIBLE, Images, Subject, family, legible_pairs, paint, spread
from superpose_glyphs.vocabulary import PROMPTS


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return squares(tmp_path / "data.npz")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of_images(tmp_path / "own")


def test_an_epoch_shows_every_image_once(data: Path) -> None:
    images, _ = Images.read(data)
    shown = [int(label) for step in range(7) for label in images.batch(0, step, 2, 0.0).label]
    assert sorted(label % 62 for label in shown[:7]) == list(range(7))
    assert sorted(label % 62 for label in shown[7:]) == list(range(7))


def test_unprompted_share_and_even_noise_levels(data: Path) -> None:
    images, _ = Images.read(data)
    batch = images.batch(0, 0, 500, 0.3)
    assert 0.2 < (batch.label == 124).float().mean() < 0.4
    assert batch.t.sort().values.diff().max() <= 3  # 500 levels over 1000 places
    assert batch.clean.abs().max() <= 1


def test_held_out_fonts_are_apart(data: Path) -> None:
    kept, held = Images.read(data, hold_out=0.3)
    assert (len(kept.pixels), len(held.pixels)) == (5, 2)
    assert not set(kept.labels) & set(held.labels)


def test_families() -> None:
    assert family("Roboto-ThinItalic.ttf") == family("RobotoMono-Bold.otf") == "robot"
    assert family("drm10.otf") == "drmot" != family("drmbx24.otf")


def test_prompts_of_glyphs_are_the_vocabulary() -> None:
    assert Subject().prompts == PROMPTS
    assert Subject(("cat", "dog"), inked=False).prompts == ("cat", "dog", "")


def test_a_folder_shows_its_images(folder: Path) -> None:
    images, _ = Images.read(folder, side=16)
    painted, style = images.painted(np.arange(6), np.random.default_rng(0))
    assert painted.shape == (6, 3, 16, 16)
    assert not style.any()
    small = Image.open(folder / "1.png").resize((16, 16), Image.Resampling.LANCZOS)
    np.testing.assert_allclose((painted[1].transpose(1, 2, 0) + 1) * 127.5, np.asarray(small), atol=1e-3)
    assert images.labels.tolist() == [1, 0, 1, 0, 1, 0]


def test_a_folder_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no labels\.csv: write one"):
        Images.read(tmp_path)
    (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(ValueError, match="names no image"):
        Images.read(tmp_path)
    (tmp_path / "labels.csv").write_text("gone.png,cat\n")
    with pytest.raises(ValueError, match=r"names 'gone\.png', which is not in"):
        Images.read(tmp_path)


def test_ink_is_legible_on_paper() -> None:
    ink, paper = legible_pairs(np.random.default_rng(0), 200)
    assert np.linalg.norm(ink - paper, axis=1).min() >= LEGIBLE
    image = paint(np.array([[[0, 255]]], dtype=np.uint8), ink[:1], paper[:1])
    np.testing.assert_allclose(image[0, :, 0], 2 * np.stack([paper[0], ink[0]], 1) - 1, atol=1e-6)


def test_only_some_words_and_rare_ones_are_not_lost(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    some = images.only(("cat", "heart"))
    assert some.subject.classes == ("cat", "heart")
    assert some.labels.tolist() == [1, 0, 1, 0]  # in the order of the file, where hearts come first
    heart = images.labels == WORDS.index("heart")
    np.testing.assert_array_equal(some.pixels[some.labels == 1], images.pixels[heart])
    np.testing.assert_array_equal(some.styles[some.labels == 1], images.styles[heart])
    with pytest.raises(ValueError, match="no image shows 'yeti'"):
        images.only(("cat", "yeti"))
    styles = np.array([0] * 64 + [1] * 36 + [0], np.uint8)
    counts = Images(np.zeros((101, 1, 1)), np.array([0] * 100 + [1]), Subject(("often", "once")), styles=styles)
    rows = counts.evenly(np.random.default_rng(0), 15_000)
    assert int(counts.labels[rows].sum()) == pytest.approx(1000, abs=120)  # as 1 to 8 and 6, the roots of 1, 64 and 36
    assert int(styles[rows].sum()) == pytest.approx(6000, abs=300)


def test_a_label_is_the_class_in_its_style(data: Path) -> None:
    """Black on white has the class's own row, any other colours that of "colour" and the class."""
    images, _ = Images.read(data)
    batch = images.batch(0, 0, 60, 0.0)
    rows = images.rows(0, 0, 60)
    share = torch.from_numpy(images.pixels[rows] / 255).float()[:, None]
    plain = (batch.clean == 1 - 2 * share).flatten(1).all(1)
    assert 10 < int(plain.sum()) < 50
    assert torch.equal(batch.label, torch.from_numpy(images.labels[rows]) + 62 * (~plain).long())
    prompts = [images.subject.prompts[label] for label in batch.label]
    assert all(prompt.startswith("colour ") != bool(one) for prompt, one in zip(prompts, plain, strict=True))


@pytest.mark.parametrize("size", [1, 7, 64])
def test_each_part_of_the_levels_is_met_once_a_batch(size: int) -> None:
    for seed in range(5):
        t = spread(np.random.default_rng(seed), size, 1000)
        assert t.dtype == np.int64
        assert t.min() >= 0
        assert t.max() < 1000
        gaps = np.diff(np.sort([*t, t.min() + 1000]))  # around the circle: levels are whole, so that gaps differ by 1
        assert np.abs(gaps - 1000 / size).max() <= 1


def test_a_row_that_is_no_file_and_label_is_refused(folder: Path) -> None:
    with (folder / "labels.csv").open("a") as file:
        file.write("5.png\n")
    with pytest.raises(ValueError, match=r"labels\.csv has the row '5\.png': write 'file,label'"):
        Images.read(folder)
