"""Spectrograms in training: varied as sounds may be, and what was trained is what is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from superpose_glyphs.reader import load_reader
from superpose_glyphs.sounds import Sounds
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.sounding import BANDS, QUIETER, ReadingSounds, Sounding, varied
from superpose_glyphs.unshuffled import see

SUBJECT = Subject(("bell", "drum"))
PLAN = Plan(batch=6, steps=3)


def images() -> Images:
    rng = np.random.default_rng(0)
    return Images(rng.integers(0, 256, (8, 64, 64), np.uint8), np.arange(8) % 2, SUBJECT)


def test_sounds_are_only_made_quieter_and_shifted() -> None:
    loud = np.zeros((400, 64, 64), np.uint8)
    loud[:, 30, 20] = 255
    found = varied(loud, np.random.default_rng(0))
    where = found.reshape(400, -1).argmax(1)
    rows, columns = where // 64, where % 64
    heard = found.max((1, 2)) > 0
    assert set(rows[heard]) <= set(range(30 - BANDS, 30 + BANDS + 1))
    assert len(set(columns[heard])) > 50
    through = found.max((1, 2)) >= round(255 * (1 - QUIETER)) - 1
    assert 0.5 < through.mean() < 0.95  # half of them go through a filter, which some pass
    assert not varied(np.zeros((5, 64, 64), np.uint8), np.random.default_rng(0)).any()


def test_a_batch_is_a_function_of_its_step() -> None:
    task = Sounding(SUBJECT)
    one, same, other = (task.batch(images(), PLAN, step) for step in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one.noise, other.noise)
    assert torch.equal(one.clean[:, 0], one.clean[:, 2])
    assert set(one.label.tolist()) <= {0, 1, 2}


@pytest.mark.parametrize("cls", [Sounding, ReadingSounds])
def test_it_learns(cls: type[Sounding | ReadingSounds]) -> None:
    torch.manual_seed(0)
    task = cls(SUBJECT)
    network, batch = task.network(), task.batch(images(), PLAN, 0)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss = task.loss(network, batch, PLAN)  # type: ignore[arg-type]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_what_was_trained_is_what_is_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = Sounding(SUBJECT)
    network = task.network().eval()
    nn.init.normal_(network.conv_out.weight, std=0.05)
    task.export(network, tmp_path)
    model = Sounds(path=tmp_path)
    assert model.prompts == ("bell", "drum", "")
    assert model.shape == (3, 64, 64)
    predictor, x = model.load(), torch.randn(2, 3, 64, 64)
    given = predictor.gather([predictor.condition(prompt) for prompt in ("drum", "")])
    with torch.no_grad():
        want = see(network, x, torch.full((2,), 300), torch.tensor([1, 2]))
    got = predictor.predict(x, predictor.schedule.level(0, 300), given).output
    assert (got - want).abs().max() < 0.01 * want.abs().max()


def test_a_reader_of_other_widths_is_loaded_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = ReadingSounds(SUBJECT)
    network = task.network().eval()
    nn.init.normal_(network.linear_out.weight, std=0.05)
    task.export(network, tmp_path)
    x, t = torch.randn(2, 3, 64, 64), torch.tensor([10, 500])
    with torch.inference_mode():
        torch.testing.assert_close(load_reader(tmp_path, side=64)(x, t), network(x, t), atol=0.02, rtol=0.02)
