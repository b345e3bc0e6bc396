"""The model of pictograms in training: its captions, its loss, and what it inherits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from known_answers import COSINE, Oracle, T, near, normal, published, snr
from made_glyphs import icons
from superpose_glyphs.phrases import COLOURS
from superpose_glyphs.train.batches import LEGIBLE, Images
from superpose_glyphs.train.captioned import CONFIG, Captioned, Captioning, Painter, go_on, inherit, painted_as
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.unshuffled import see
from superpose_networks import UNet2D, UNet2DConfig


def test_painted_as_captions_say() -> None:
    captions, ink, paper = painted_as(np.random.default_rng(0), 400)
    assert np.linalg.norm(ink - paper, axis=1).min() > LEGIBLE - 0.2  # named colours stray a little
    named = [row for row, one in enumerate(captions) if one.ink and not np.isin(ink[row], (0, 1)).all()]
    for row in named:
        for found, name in ((ink[row], captions[row].ink), (paper[row], captions[row].paper)):
            assert np.abs(found - COLOURS[name or ""]).max() < 0.041
    plain = [row for row, one in enumerate(captions) if (ink[row] == 0).all() and (paper[row] == 1).all()]
    assert all((captions[row].ink, captions[row].paper) == ("black", "white") for row in plain)
    assert 0.4 < len(plain) / 400 < 0.6


def test_a_batch_is_captioned_as_it_is_drawn(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    task = Captioning(images.subject)
    batch = task.batch(images, task.plan, 0)
    word, drawing, ink, paper = batch.rows.T
    silent = (batch.rows == 0).all(1)
    assert 2 <= int(silent.sum()) <= 18  # 12 % of 64
    assert (word[~silent] > 0).all()
    assert 0.65 < (drawing[~silent] > 0).float().mean() < 0.95
    assert ((ink == 0) == (paper == 0)).all()
    # These icons' styles are those of their numbers, and so of their words: odd ones are outlines.
    told = drawing > 0
    assert ((drawing[told] == 1) == ((word[told] - 1) % 2 == 1)).all()


def test_a_network_inherits_what_one_of_half_the_sides_knows(tmp_path: Path) -> None:
    torch.manual_seed(0)
    words = ("cat", "dog")
    config = CONFIG | {"in_channels": 12, "out_channels": 12, "class_embed_type": None, "num_class_embeds": 5}
    small = UNet2D(UNet2DConfig.from_mapping(config))
    save_halves(small.state_dict(), tmp_path / "diffusion_pytorch_model.safetensors")
    (tmp_path / "prompts.json").write_text(json.dumps([*words, "colour cat", "colour dog", ""]))
    small.load_state_dict({name: value.half().float() for name, value in small.state_dict().items()})
    painter = Painter(len(words)).eval()
    inherit(painter, tmp_path, words)
    x, t = torch.randn(3, 3, 32, 32), torch.tensor([100, 500, 900])
    with torch.no_grad():
        v = see(small, x, t, torch.tensor([2, 3, 4]))
        large = nn.functional.interpolate(x, scale_factor=2)
        got = painter(large, t, torch.tensor([[1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]))
    torch.testing.assert_close(got, -nn.functional.interpolate(v, scale_factor=2), rtol=1e-4, atol=1e-4)


def test_a_network_goes_on_from_its_own_weights(tmp_path: Path) -> None:
    images, _ = Images.read(icons(tmp_path / "icons.npz"))
    torch.manual_seed(0)
    first = Captioning(images.subject).network().half().float()
    nn.init.normal_(first.unet.conv_out.weight)
    Captioning(images.subject).export(first, tmp_path)
    second = Captioning(images.subject, tmp_path).network()
    for name, value in first.state_dict().items():
        torch.testing.assert_close(second.state_dict()[name], value, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="take others' weights"):
        go_on(second, tmp_path, ("cat", "dog"))


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_captions(wrong: float) -> None:
    clean, noise, rows = normal(3, 8, 8), normal(3, 8, 8, seed=1), torch.arange(20).view(5, 4)
    oracle = Oracle(clean + wrong)
    loss = Captioning().loss(oracle, Captioned(clean, rows, T, noise), Plan(gamma=5.0))
    near(oracle.asked[0], published(COSINE).add_noise(clean, noise, T))
    assert torch.equal(oracle.asked[2], rows)
    # An error of the clean image is one of v times sigma, whose square is 1 / (SNR + 1).
    weight = (6 / (snr(COSINE) + 1)).clamp(max=1) * (snr(COSINE) + 1)
    near(loss, wrong**2 * weight.mean().float())
