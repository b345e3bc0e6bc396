"""The data of sounds: spectrograms in the layout of glyphs, the lowest band at the bottom."""

import numpy as np
import pytest

from superpose_glyphs.train.batches import Images
from superpose_sounds.synthesis import SOUNDS
from superpose_sounds.train import data
from superpose_sounds.train.data import loudness, main


@pytest.fixture
def some(monkeypatch):
    """Fewer words, none of which needs another program."""
    monkeypatch.setattr(data, "SOUNDS", {word: SOUNDS[word] for word in ("clock", "alarm")})


def test_a_file_is_read_as_those_of_glyphs(some, tmp_path):
    main([str(tmp_path / "sounds.npz"), "--each", "3", "--seed", "5"])
    images, none = Images.read(tmp_path / "sounds.npz", 0.0, 64)
    assert images.subject.classes == ("clock", "alarm")
    assert images.pixels.shape == (6, 64, 64)
    assert images.labels.tolist() == [0, 1] * 3
    assert np.array_equal(images.pixels[3], loudness("alarm", 5, 1))
    assert not len(none.pixels)


def test_low_tones_are_at_the_bottom():
    """Drums have their skins below, and birds sing above."""
    drum, bird = (loudness(word, 0, 0).astype(float).mean(1) for word in ("drum", "bird"))
    rows = np.arange(64)
    assert drum[-8:].mean() > drum[:8].mean()
    assert (bird @ rows) / bird.sum() < 32
