"""The noisy classifiers in training: their questions, their loss, and what they are taught against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from known_answers import COSINE, Oracle, T, near, normal, published
from made_glyphs import icons
from superpose import PromptError
from superpose_glyphs.pictograms import PictogramsClassifier
from superpose_glyphs.reader import load_reader
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.reading import Questions, Reading, ReadingPictograms, SeeingPictograms, attacked


def test_reading() -> None:
    scores, label = normal(62), torch.tensor([61, 0, 7, 7, 30])
    asked = Questions(normal(3, 8, 8), label, T, torch.zeros(5, 1, 1, 1))
    oracle = Oracle(scores)
    loss = Reading().loss(oracle, asked, Plan())
    assert torch.equal(oracle.asked[0], asked.noisy)
    near(loss, -scores.softmax(1)[torch.arange(5), label].log().mean())


def test_what_a_reader_is_asked() -> None:
    rng = np.random.default_rng(0)
    images = Images(rng.integers(0, 256, (9, 32, 32), dtype=np.uint8), np.arange(9))
    plan = Plan(batch=9, attack=8.0)
    asked, batch = Reading().batch(images, plan, 4), images.batch(plan.seed, 4, plan.batch, 0.0)
    near(asked.noisy, published(COSINE).add_noise(batch.clean, batch.noise, batch.t))
    assert sorted(asked.label.tolist()) == list(range(9))
    furthest = 8 * published(COSINE).alphas_cumprod[asked.t].sqrt()
    share = asked.reach.flatten() / furthest
    assert 0 <= share.min() < 0.3
    assert 0.7 < share.max() <= 1


def test_an_attack_makes_reading_harder_within_its_reach() -> None:
    torch.manual_seed(0)
    reader = Reading().network()
    nn.init.normal_(reader.linear_out.weight, std=0.1)
    noisy, reach = torch.randn(6, 3, 32, 32), torch.tensor([0.0, 1, 2, 3, 4, 5])[:, None, None, None]
    asked = Questions(noisy, torch.arange(6), torch.arange(0, 600, 100), reach)
    moved = attacked(reader, asked)
    assert torch.equal(moved[0], noisy[0])
    assert ((moved - noisy).flatten(1).norm(dim=1) <= reach.flatten() * 1.001).all()
    before, after = (
        nn.functional.cross_entropy(reader(images, asked.t), asked.label, reduction="none").detach()
        for images in (noisy, moved)
    )
    assert (after[1:] > before[1:]).all()
    assert all(parameter.grad is None for parameter in reader.parameters())
    assert Reading().loss(reader, asked, Plan(attack=5.0)) > Reading().loss(reader, asked, Plan())


class Linear(nn.Module):
    """Scores that are inner products, whose worst place within a reach is known."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(2, 12, generator=torch.Generator().manual_seed(0)))

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        del t
        return x.flatten(1) @ self.weights.T


def test_an_attack_on_a_linear_reader_goes_straight_away_from_the_class() -> None:
    network, reach = Linear(), torch.tensor([0.5, 2.0]).view(2, 1, 1, 1)
    noisy, label = torch.zeros(2, 3, 2, 2), torch.tensor([0, 1])
    moved = attacked(network, Questions(noisy, label, torch.zeros(2).long(), reach))
    way = nn.functional.normalize(network.weights[1] - network.weights[0], dim=0).detach()
    torch.testing.assert_close(moved.flatten(1), torch.stack((0.5 * way, -2.0 * way)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("task", [ReadingPictograms, SeeingPictograms])
def test_readers_rows_are_apart(task: type[ReadingPictograms], tmp_path: Path) -> None:
    torch.manual_seed(0)
    reader = task(Subject(("cat", "dog", "fish"))).network().eval()
    nn.init.normal_(reader.linear_out.weight)
    task(Subject(("cat", "dog", "fish"))).export(reader, tmp_path)
    classifier = PictogramsClassifier(path=tmp_path)
    x, level = torch.randn(4, 3, 64, 64), classifier.schedule.level(0, 400)
    loaded = classifier.load()
    want = loaded.logits(x, level)
    exact = reader(x, torch.full((4,), 400)).detach()
    assert (want - exact).abs().max() < 0.02 * exact.abs().max()
    for order in ([1, 0, 2, 3], [3, 2, 1, 0], [0, 0, 2, 1]):
        assert torch.equal(loaded.logits(x[order], level), want[order]), order
    assert type(load_reader(tmp_path, side=64)) is task.reader
    assert [classifier.label(one) for one in ("dog", "outline cat in red")] == [1, 0]
    for wrong in ("", "cow"):
        with pytest.raises(PromptError, match="classifier 'pictograms-classifier'"):
            classifier.label(wrong)


def test_a_pictogram_is_read_wherever_it_stands(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz", ("cat", "dog", "fish")))
    task, plan = ReadingPictograms(images.subject), Plan(batch=30)
    shown = task.shown(images, plan, 0)
    assert shown.clean.shape == (30, 3, 64, 64)
    asked = task.batch(images, plan, 0)
    assert sorted(set(asked.label.tolist())) == [0, 1, 2]
    assert torch.equal(asked.label, shown.label % 3)
    assert not asked.reach.any(), "without an attack nothing may be moved"
