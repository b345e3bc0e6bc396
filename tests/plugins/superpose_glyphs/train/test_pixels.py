"""The pixel model in training: its loss, its class table in factors, and its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from known_answers import COSINE, Squares, T, near, normal, published, snr
from superpose_glyphs.train.batches import Batch, Subject
from superpose_glyphs.train.pixels import ClassInStyle, Pixels
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.training import Training
from superpose_glyphs.unshuffled import see
from superpose_networks import load_unet2d

PLAN = Plan(steps=4, batch=2, warmup=2, hold_out=0)


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_pixels(wrong: float) -> None:
    clean, noise, label = normal(3, 8, 8), normal(3, 8, 8, seed=1), torch.arange(5)
    ddpm = published(COSINE)
    oracle = Squares(ddpm.get_velocity(clean, noise, T) + wrong, 12)
    loss = Pixels().loss(oracle, Batch(clean, label, T, noise), Plan(gamma=5.0))
    near(oracle.image, ddpm.add_noise(clean, noise, T))
    assert torch.equal(oracle.asked[1], T)
    assert torch.equal(oracle.asked[2], label)
    # Hang et al. 2023 have min(SNR, gamma) / (SNR + 1) for v, which falls where noise rules; this one does not.
    weight = (6 / (snr(COSINE) + 1)).clamp(max=1)
    near(loss, wrong**2 * weight.mean().float())


def test_export_is_the_average_in_half_precision(tmp_path: Path) -> None:
    training = Training.start(Pixels(), PLAN)
    x, t = torch.randn(2, 3, 32, 32), torch.tensor([5, 900])
    labels = torch.tensor([3, 124])
    network: Any = training.average
    torch.nn.init.normal_(network.conv_out.weight)
    training.task.export(network, tmp_path)
    with torch.no_grad():
        want, got = see(network, x, t, labels), see(load_unet2d(tmp_path), x, t, labels)
    assert (want - got).abs().max() < 0.01 * want.abs().max()


@pytest.mark.parametrize("subject", [Subject(("a", "b", "c")), Subject(("cat", "dog"), inked=False)])
def test_a_row_is_that_of_its_class_and_that_of_its_style(subject: Subject) -> None:
    table, count = ClassInStyle(subject, 5), len(subject.classes)
    rows = table(torch.arange(len(subject.prompts)))
    for style in range(subject.styles):
        for row in range(count):
            torch.testing.assert_close(rows[count * style + row], table.g.weight[row] + table.s.weight[style])
    torch.testing.assert_close(rows[-1], table.g.weight[count] + table.s.weight[subject.styles])


def test_an_untrained_network_says_the_same_of_all() -> None:
    network: Any = Pixels().network()
    said = see(network, torch.randn(2, 3, 32, 32), torch.tensor([3, 900]), torch.tensor([0, 124]))
    assert torch.equal(said[0], said[1])


def test_prompts_stand_beside_the_weights(tmp_path: Path) -> None:
    task = Pixels(Subject(("cat", "dog"), inked=False))
    task.export(task.network(), tmp_path)
    assert json.loads((tmp_path / "prompts.json").read_text()) == ["cat", "dog", ""]
    assert json.loads((tmp_path / "config.json").read_text())["num_class_embeds"] == 3
