"""Every loss keeps the laws, and those of files say what does not fit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from problems import told
from superpose import make
from superpose.plugins import load_plugins
from superpose.testing import check_loss

GLYPHS = {"kind": "glyphs-classifier"}


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def made(kind, picture):
    told = {
        "classifier": {"classifier": make("classifier", "glyphs-classifier"), "label": "B"},
        "distance": {"image": picture},
        "edges": {"image": picture},
    }
    return make("loss", kind, **told.get(kind, {}))


@pytest.mark.parametrize("kind", load_plugins().kinds("loss"))
def test_it_keeps_the_laws(kind, picture):
    check_loss(made(kind, picture))


def test_a_distance_is_that_of_what_is_looked_at(picture):
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    y = torch.from_numpy(np.array(Image.open(picture))).permute(2, 0, 1) / 127.5 - 1
    far = torch.linalg.vector_norm(x - y, dim=(1, 2, 3))
    torch.testing.assert_close(made("distance", picture).bound_to((3, 32, 32)).of(x), far)
    square = make("loss", "distance", image=picture, square=True).bound_to((3, 32, 32))
    torch.testing.assert_close(square.of(x), far**2 / 2)
    small = make("operator", "block-average", factor=2)
    seen = make("loss", "distance", image=picture, operator=small).bound_to((3, 64, 64))
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    off = torch.nn.functional.avg_pool2d(x, 2) - y
    torch.testing.assert_close(seen.of(x), torch.linalg.vector_norm(off, dim=(1, 2, 3)))


def test_a_colour_is_as_far_as_the_nearest_image_of_that_mean():
    loss = make("loss", "colour", colour="#ff0000").bound_to((3, 4, 4))
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    nearest = x + red - x.mean((2, 3), keepdim=True)
    torch.testing.assert_close(loss.of(nearest), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(loss.of(x), torch.linalg.vector_norm(x - nearest, dim=(1, 2, 3)))


def test_edges_are_scipys_and_know_no_sign(picture):
    from scipy import ndimage

    from superpose_losses.edges import FLAT, edges

    x = torch.randn(1, 3, 9, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    grey = x[0].mean(0).numpy()
    theirs = np.sqrt(sum(ndimage.sobel(grey, axis, mode="nearest") ** 2 for axis in (0, 1)) / 16 + FLAT)
    np.testing.assert_allclose(edges(x)[0, 0].numpy(), theirs, atol=1e-12)
    loss = made("edges", picture).bound_to((3, 32, 32))
    y = torch.from_numpy(np.array(Image.open(picture))).permute(2, 0, 1)[None] / 127.5 - 1
    torch.testing.assert_close(loss.of(torch.cat((y, -y))), torch.zeros(2), atol=1e-4, rtol=0)


def test_a_classifier_is_asked_of_the_clean_image():
    loss = made("classifier", None).bound_to((3, 32, 32))
    letter = Image.open(Path(__file__).parents[3] / "recipes" / "images" / "letter.png").convert("RGB")
    b = torch.from_numpy(np.array(letter)).permute(2, 0, 1)[None] / 127.5 - 1
    right, wrong = float(loss.of(b)), float(loss.of(b.flip(2, 3)))
    assert right < 0.1 < wrong - 1, f"{right} nats for a B, {wrong} for one upside down"
    large = b.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert float(made("classifier", None).bound_to((3, 64, 64)).of(large)) < 0.1


def test_what_does_not_fit_is_told_with_the_cure(picture):
    assert "picture.png: is 32x32" in told(made("distance", picture), (3, 8, 8))
    assert "picture.png: is 32x32" in told(made("edges", picture), (3, 8, 8))
    assert told(made("colour", None), (1, 8, 8)) == (
        "images of 1 channels have no red, green and blue: use a model of colours"
    )
    assert "which those of (3, 8, 9) can't be brought to: use one of" in told(made("classifier", None), (3, 8, 9))
    unknown = make("loss", "classifier", classifier=make("classifier", "glyphs-classifier"), label="??")
    assert "'??'" in told(unknown, (3, 32, 32))
    factor = make("operator", "block-average", factor=5)
    assert "needs a size that 5 divides" in told(make("loss", "distance", image=picture, operator=factor), (3, 8, 8))
    with pytest.raises(Exception, match="'bright' is no colour: write it as #rrggbb"):
        make("loss", "colour", colour="bright")
