"""What codes are taught, besides what decoders ask of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli

from known_answers import CONSTANT, LINEAR, Oracle, T, near, normal, published
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.coding import Coding, Designs, DrawingCodes, Drawn, Lines, Pairs
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.styles import WEIGHTS_AND_SLANTS, design, styles

FONTS = ("Carlito-Regular.ttf", "Carlito-Bold.ttf", "Carlito-BoldItalic.ttf", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf")


def test_another_is_of_the_same_glyph_and_design() -> None:
    rng = np.random.default_rng(0)
    owners, labels = (part.ravel() for part in np.meshgrid(range(len(FONTS)), range(3), indexing="ij"))
    order = rng.permutation(len(labels))
    images = Images(np.zeros((len(labels), 1, 1)), labels[order], sources=np.array(FONTS)[owners[order]])
    designs, rows = Designs.of(images), np.repeat(np.arange(len(labels)), 60)
    others = designs.another(rows, rng)
    np.testing.assert_array_equal(images.labels[others], images.labels[rows])
    fonts = {(str(a), str(b)) for a, b in zip(images.sources[rows], images.sources[others], strict=True)}
    assert fonts == {(a, b) for a in FONTS for b in FONTS if design(a) == design(b)}
    said = [[style in styles(str(font)) for style in WEIGHTS_AND_SLANTS] for font in images.sources]
    np.testing.assert_array_equal(designs.told, np.array(said, np.float32))


def test_own_images_are_designs_of_their_own_whatever_they_are_called() -> None:
    files = np.array(["dog bold.png", "dog.png", "\u732b.png", "\u72ac.png"])
    images = Images(np.zeros((4, 1, 1, 3)), np.zeros(4, int), Subject(("dog",), inked=False), files)
    designs, rows = Designs.of(images), np.repeat(np.arange(4), 20)
    np.testing.assert_array_equal(designs.another(rows, np.random.default_rng(0)), rows)
    assert not designs.told.any()


def test_codes_move_along_the_lines_that_read_them() -> None:
    torch.manual_seed(0)
    lines = Lines()
    nn.init.normal_(lines.moves)
    codes, change = torch.randn(5, lines.read.in_features), torch.zeros(5, 3)
    assert torch.equal(lines.moved(codes, change), codes)
    change[:, 1] = torch.tensor([-1.0, 0, 1, 0, 1])
    moved = lines.moved(codes, change) - codes
    along = moved @ nn.functional.normalize(lines.read.weight[1], dim=0)
    torch.testing.assert_close(along, change[:, 1] * lines.moves[1], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(moved.norm(dim=1), along.abs(), atol=1e-5, rtol=1e-5)  # and no other way


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_coding(wrong: float) -> None:
    shown, clean, noise = (normal(3, 8, 8, seed=seed) for seed in range(3))
    told, wanted = torch.eye(5)[:, :3], torch.eye(5)[:, 2:]
    codes, scores = normal(7, seed=3), normal(3, seed=4)
    ddpm, asked = published(LINEAR), dict[str, Tensor]()

    def code(images: Tensor) -> Tensor:
        assert torch.equal(images, shown)
        return codes

    def moved(code: Tensor, change: Tensor) -> Tensor:
        asked["change"] = change
        return code + 1

    coder = Oracle(ddpm.get_velocity(clean, noise, T) + wrong, code=code)
    taught: Any = SimpleNamespace(coder=coder, lines=SimpleNamespace(moved=moved, read=lambda code: scores))
    loss = Coding().loss(taught, Pairs(shown, told, clean, wanted, T, noise), Plan())
    near(coder.asked[0], ddpm.add_noise(clean, noise, T))
    near(coder.asked[2], codes + 1)
    assert torch.equal(asked["change"], wanted - told)
    near(loss, wrong**2 - 0.05 * Bernoulli(logits=scores).log_prob(told).sum(1).mean())


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_drawing_codes(wrong: float) -> None:
    codes, noise = normal(7), normal(7, seed=1)
    oracle = Oracle(noise + wrong)
    drawing: Any = SimpleNamespace(normed=lambda images: codes, latent=oracle)
    loss = DrawingCodes().loss(drawing, Drawn(codes, T, noise), Plan())
    near(oracle.asked[0], published(CONSTANT).add_noise(codes, noise, T))
    near(loss, torch.tensor(wrong**2))
