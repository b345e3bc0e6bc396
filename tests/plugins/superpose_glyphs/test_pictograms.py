"""Pictograms: how images are moved, what a network inherits, and what their judge measures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from superpose import PromptError, guided, make, prompted, sample
from superpose_glyphs.captions import read_caption
from superpose_glyphs.pictograms import Pictograms, PictogramsClassifier
from superpose_glyphs.train.batches import Subject
from superpose_glyphs.train.captioned import Captioning


def test_what_was_trained_is_what_is_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = Captioning(Subject(("cat", "ice cream")))
    painter = task.network().eval()
    nn.init.normal_(painter.unet.conv_out.weight, std=0.05)
    task.export(painter, tmp_path)
    model = Pictograms(path=tmp_path)
    assert model.words == ("cat", "ice cream")
    assert set(model.weights()) == {"captions", "diffusion_pytorch_model"}
    predictor = model.load()
    x, prompts = torch.randn(3, 3, 64, 64), ["outline ice cream in red on blue", "colour cat", ""]
    level = predictor.schedule.level(0, 300)
    given = predictor.gather([predictor.condition(prompt) for prompt in prompts])
    rows = torch.tensor([read_caption(prompt, model.words).rows(model.words) for prompt in prompts])
    with torch.no_grad():
        want = painter(x, torch.full((3,), 300), rows)
    got = predictor.predict(x, level, given).output
    assert (got - want).abs().max() < 0.01 * want.abs().max()
    for order in ([1, 0, 2], [2, 2, 0]):
        asked = predictor.gather([predictor.condition(prompts[i]) for i in order])
        assert torch.equal(predictor.predict(x[order], level, asked).output, got[order]), order
    with pytest.raises(PromptError, match="nearest: 'ice cream', 'cat'"):
        predictor.condition("dog")


def test_drawings_are_read_as_asked() -> None:
    """The embedded networks together: a few words that nobody would mistake."""
    predictor, classifier = Pictograms().load(), PictogramsClassifier()
    words = ("heart", "star", "umbrella", "hourglass")
    denoisers = [guided(prompted(predictor, word), prompted(predictor, ""), 4.0) for word in words]
    scheduler = make("scheduler", "ddim", steps=8)
    images = torch.cat([sample(denoiser, scheduler, predictor, samples=2) for denoiser in denoisers])
    read = classifier.load().logits(images, classifier.schedule.level(0, 0)).argmax(1).tolist()
    assert sum(classifier.names[one] == words[i // 2] for i, one in enumerate(read)) >= 6
