"""What codes are taught besides what decoders ask of them, and what classifiers are taught against."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.coding import Designs, Lines
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.reading import Questions, Reading, attacked
from superpose_glyphs.train.styles import WEIGHTS_AND_SLANTS, design, styles

FONTS = ("Carlito-Regular.ttf", "Carlito-Bold.ttf", "Carlito-BoldItalic.ttf", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Carlito-Regular.ttf", "Carlito-BoldItalic.ttf"),
        ("DejaVuSans.ttf", "DejaVuSans-BoldOblique.ttf"),
        ("SourceCodePro-SemiboldIt.otf", "SourceCodePro-ExtraLight.otf"),
        ("LinLibertine_R.otf", "LinLibertine_RBI.otf"),
        ("drm10.otf", "drmitbx10.otf"),
        ("PTS55F.ttf", "PTS76F.ttf"),
        ("eurof35.ttf", "eurof56.ttf"),
        ("bookui__.ttf", "bookub__.ttf"),
        ("Baskervaldx-Ita.otf", "Baskervaldx-BolIta.otf"),
    ],
)
def test_one_design_in_two_styles(one: str, other: str) -> None:
    assert design(one) == design(other)
    assert styles(one) != styles(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DejaVuSans.ttf", "DejaVuSerif.ttf"),
        ("NotoSans-Bold.ttf", "NotoSansMono-Bold.ttf"),
        ("drm10.otf", "drm8.otf"),
        ("LinLibertine_R.otf", "LinBiolinum_R.otf"),
    ],
)
def test_two_designs(one: str, other: str) -> None:
    assert design(one) != design(other)


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
