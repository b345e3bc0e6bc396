"""A training that was stopped is the training that was not; what it exports is what it averaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from made_glyphs import squares
from superpose_glyphs.train.batches import Images
from superpose_glyphs.train.editing import Editing
from superpose_glyphs.train.pixels import Pixels
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.run import train
from superpose_glyphs.train.tasks import TASKS
from superpose_glyphs.train.training import Training

PLAN = Plan(steps=4, batch=2, warmup=2, hold_out=0)
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))


def weights(training: Training) -> dict[str, torch.Tensor]:
    return {**training.network.state_dict(), **{f"ema.{k}": v for k, v in training.average.state_dict().items()}}


@EVERY_TASK
def test_resumed_is_uninterrupted_to_the_bit(task: type[Any], tmp_path: Path) -> None:
    images, _ = Images.read(squares(tmp_path / "data.npz", task.side))
    whole = Training.start(task(), PLAN)
    train(whole, images, tmp_path)
    stopped = Training.start(task(), PLAN)
    for _ in range(2):
        stopped.advance(images)
    stopped.save(tmp_path / "half.pt")
    resumed = Training.resume(tmp_path / "half.pt")
    train(resumed, images, tmp_path)
    want, got = weights(whole), weights(resumed)
    assert resumed.step == whole.step == PLAN.steps
    assert [name for name in want if not torch.equal(want[name], got[name])] == []


@EVERY_TASK
def test_learns_a_few_images_by_heart(task: type[Any], tmp_path: Path) -> None:
    images, _ = Images.read(squares(tmp_path / "data.npz", task.side))
    # Halves of squares, moved and in any colours, are less alike than the squares.
    plan = Plan(steps=120 if task is Editing else 40, batch=7, warmup=4, lr=3e-3, hold_out=0)
    training = Training.start(task(), plan)
    losses = [training.advance(images) for _ in range(plan.steps)]
    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[:2]), losses


def test_average_of_weights() -> None:
    """Each step keeps a share of the average: of few steps as if it were a mean of nine times as many, then ``ema``."""
    images = Images(np.zeros((4, 32, 32), np.uint8), np.arange(4))
    training = Training.start(Pixels(), Plan(batch=2, ema=0.2, warmup=1, precision="float32"))
    want = next(training.average.parameters()).clone()
    for kept in (1 / 10, 2 / 11, 0.2, 0.2):
        training.advance(images)
        want = kept * want + (1 - kept) * next(training.network.parameters()).detach()
        torch.testing.assert_close(next(training.average.parameters()), want)
