"""Letters that stand elsewhere: they stay inside, and their network goes on from those that stood."""

from __future__ import annotations

import attrs
import numpy as np
import torch

from made_glyphs import some_images
from superpose_glyphs.model import EMBEDDED
from superpose_glyphs.reader import load_reader
from superpose_glyphs.train.moving import FREEDOM, Moving, ReadingMoved
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.tasks import TASKS
from superpose_glyphs.unshuffled import see
from superpose_networks import load_unet2d


def test_moved_letters_stay_inside() -> None:
    letters = np.zeros((200, 32, 32), np.uint8)
    letters[:, 3:29, 3:29] = 255
    centred, moved = (
        attrs.evolve(FREEDOM, turn=0, **still).moved(letters, np.random.default_rng(0)).astype(float)
        for still in ({"shift": 0}, {})
    )
    area = centred.sum((1, 2)) / letters[0].sum()
    assert area.min() < 0.5
    assert area.max() > 1.2
    kept = moved.sum((1, 2)) / centred.sum((1, 2))
    assert kept.min() > 0.94  # bilinear sampling of small squares is a little off
    assert (moved.sum(1) @ np.arange(32) / moved.sum((1, 2))).std() > 1


def test_letters_that_move_go_on_from_those_that_stood() -> None:
    weights = EMBEDDED / "glyphs"
    network = TASKS["glyphs-moved"](after=weights).network().eval()
    first = load_unet2d(weights, dtype=torch.float32)
    x, labels = torch.randn(125, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.arange(125)
    with torch.inference_mode():
        ours, theirs = (see(one, x, torch.tensor(500), labels) for one in (network, first))
    # The table was kept in halves, whose colour row differs from letter to letter by their rounding.
    assert (ours - theirs).abs().max() < 0.01
    assert (ours[:62] - theirs[:62]).abs().max() < 1e-4


def test_a_batch_shows_the_same_letters_moved() -> None:
    images, plan = some_images(), Plan(batch=24, unprompted=0.0)
    batch = Moving().batch(images, plan, 5)
    rows = images.rows(plan.seed, 5, plan.batch)
    assert sorted(batch.label.numpy() % 62) == sorted(images.labels[rows])
    still = images.batch(plan.seed, 5, plan.batch, 0.0)
    assert not torch.equal(batch.clean, still.clean)


def test_a_reader_of_letters_that_move_goes_on_from_that_of_letters_that_stood() -> None:
    weights = EMBEDDED / "glyphs-classifier"
    task = TASKS["glyphs-moved-classifier"]
    x, t = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.tensor(300)
    with torch.inference_mode():
        torch.testing.assert_close(task(after=weights).network()(x, t), load_reader(weights)(x, t))
        assert task().network()(x, t).std() < 0.1, "alone it starts from nothing"


def test_a_reader_is_shown_the_letters_that_are_drawn_to_it() -> None:
    images, plan = some_images(), Plan(batch=24, unprompted=0.0)
    shown, drawn = ReadingMoved().shown(images, plan, 5), Moving().batch(images, plan, 5)
    assert torch.equal(shown.clean, drawn.clean)
    assert torch.equal(shown.label, drawn.label)
