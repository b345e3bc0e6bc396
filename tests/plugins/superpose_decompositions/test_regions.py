"""Regions of a picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from problems import told
from superpose import RecipeError, make
from superpose.testing import check_decomposition


def picture(path, pixels):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


@pytest.fixture
def halves(tmp_path):
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4], pixels[:, 4:] = (255, 0, 0), (10, 10, 250)
    return picture(tmp_path / "halves.png", pixels)


def test_each_colour_is_a_region(halves):
    rule = make("decomposition", "regions", picture=halves, colours=("red", "#0000ff"))
    assert rule.names == ("region-0", "region-1")
    left, right = rule.split(torch.ones(1, 3, 8, 8))
    assert left[..., :4].eq(1).all()
    assert left[..., 4:].eq(0).all()
    assert torch.equal(left + right, torch.ones(1, 3, 8, 8))


def test_places_across_a_border_belong_to_both(tmp_path):
    pixels = np.zeros((6, 6, 3), np.uint8)
    pixels[:, 3:] = 255
    rule = make("decomposition", "regions", picture=picture(tmp_path / "x.png", pixels))
    white, black = rule.split(torch.ones(1, 1, 2, 2, dtype=torch.float64))
    assert white[0, 0].tolist() == [[0, 1], [0, 1]]
    odd = rule.part("white")(torch.ones(1, 1, 3, 3, dtype=torch.float64))
    torch.testing.assert_close(odd[0, 0, 0], torch.tensor([0, 0.5, 1], dtype=torch.float64))
    torch.testing.assert_close(white + black, torch.ones(1, 1, 2, 2, dtype=torch.float64))


@pytest.mark.parametrize(("size", "factor"), [(4, 2), (5, 3), (8, 2), (12, 3)])
def test_a_place_has_the_mean_of_what_a_larger_image_has_there(tmp_path, size, factor):
    """At every size, larger than the file's and smaller: stages of a cascade agree about their regions."""
    names = np.random.default_rng(0).integers(0, 3, (8, 8))
    colours = np.array([(255, 0, 0), (0, 128, 0), (0, 0, 255)], np.uint8)
    path = picture(tmp_path / "x.png", colours[names])
    rule = make("decomposition", "regions", picture=path, colours=("red", "green", "blue"))
    small, large = (torch.stack(rule.split(torch.ones(1, 1, n, n).double())) for n in (size, factor * size))
    torch.testing.assert_close(torch.nn.functional.avg_pool2d(large[:, 0], factor), small[:, 0])
    counts = torch.tensor([float((names == i).mean()) for i in range(3)], dtype=torch.float64)
    torch.testing.assert_close(large.mean((1, 2, 3, 4)), counts)


def disc(across, down, radius, size=32, fine=8):
    """The share of each pixel that lies in a disc: what a program that draws smoothly paints."""
    place = (np.arange(size * fine) + 0.5) / fine
    inside = (place[None] - across) ** 2 + (place[:, None] - down) ** 2 < radius**2
    return inside.reshape(size, fine, size, fine).mean((1, 3))


def painted(*layers):
    """A drawing: a paper, and (share, colour) painted over it one after the other."""
    pixels = np.zeros((32, 32, 3)) + layers[0]
    for share, colour in layers[1:]:
        pixels = pixels * (1 - share[..., None]) + np.array(colour) * share[..., None]
    return pixels.round()


BETWEEN = {
    "grey": ((255, 255, 255), (0, 0, 0), (128, 128, 128)),
    "purple": ((255, 0, 0), (0, 0, 255), (128, 0, 128)),
    "orange": ((255, 255, 0), (255, 0, 0), (255, 140, 0)),
}


@pytest.mark.parametrize("colours", BETWEEN.values(), ids=BETWEEN)
def test_a_soft_edge_belongs_to_its_two_sides_in_shares(tmp_path, colours):
    """And to no third colour that is between them, which has a region of its own."""
    paper, ink, third = colours
    big, small = disc(11, 13, 8.3), disc(25, 25, 4.2)
    path = picture(tmp_path / "x.png", painted(paper, (big, ink), (small, third)))
    names = tuple("#{:02x}{:02x}{:02x}".format(*colour) for colour in colours)
    rule = make("decomposition", "regions", picture=path, colours=names)
    got = torch.stack(rule.split(torch.ones(1, 1, 32, 32).double()))[:, 0, 0].numpy()
    assert got[2][small == 0].max() == 0
    # A colour so near to another is taken for it, which is a sixth of the way from yellow to orange.
    assert np.abs(got[2] - small).max() < 0.18
    assert np.abs(got[1] - big).max() < 0.18


def test_a_soft_edge_of_two_pixels_belongs_to_its_two_sides(tmp_path):
    """As of a picture that was enlarged."""
    values = np.full((16, 16), 255.0)
    values[4:12, 4:12], values[13:, 13:] = 0, 128
    large = np.asarray(Image.fromarray(values.astype(np.uint8)).resize((32, 32), Image.Resampling.BILINEAR))
    path = picture(tmp_path / "x.png", np.stack([large] * 3, -1))
    rule = make("decomposition", "regions", picture=path, colours=("white", "black", "#808080"))
    grey = rule.part("region-2")(torch.ones(1, 1, 32, 32))[0, 0]
    assert grey[:25, :25].eq(0).all()
    assert grey[27:, 27:].eq(1).all()


def test_thin_lines_of_a_colour_of_their_own_stay(tmp_path):
    pixels = painted((255, 255, 255), (disc(10, 10, 6), (0, 0, 0)))
    pixels[24], pixels[28:30] = (255, 0, 0), (0, 128, 0)
    path = picture(tmp_path / "x.png", pixels)
    rule = make("decomposition", "regions", picture=path, colours=("white", "black", "red", "green"))
    red, green = (rule.part(name)(torch.ones(1, 1, 32, 32))[0, 0] for name in ("region-2", "region-3"))
    assert red[24].eq(1).all()
    assert green[28:30].eq(1).all()
    assert red.sum() == 32
    assert green.sum() == 64


@pytest.mark.parametrize("size", [(1, 8, 8), (3, 16, 16), (4, 5, 5), (3, 24, 24)])
def test_it_is_a_lawful_decomposition_at_every_size(halves, tmp_path, size):
    check_decomposition(make("decomposition", "regions", picture=halves, colours=("red", "blue")), *size)
    grey = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    check_decomposition(make("decomposition", "regions", picture=picture(tmp_path / "grey.png", grey)), *size)


def test_a_picture_that_has_changed_is_read_again(tmp_path):
    pixels = np.zeros((4, 4), np.uint8)
    pixels[0] = 255
    rule = make("decomposition", "regions", picture=picture(tmp_path / "x.png", pixels))
    before = rule.part("white")(torch.ones(1, 1, 4, 4))
    picture(tmp_path / "x.png", pixels.T)
    assert torch.equal(rule.part("white")(torch.ones(1, 1, 4, 4)), before.mT)


def test_what_is_no_map_of_regions_is_refused(halves, tmp_path):
    with pytest.raises(RecipeError, match="'rouge' is no colour: write it as #rrggbb"):
        make("decomposition", "regions", picture=halves, colours=("rouge", "blue"))
    with pytest.raises(RecipeError, match="two or more that differ"):
        make("decomposition", "regions", picture=halves, colours=("red", "#f00"))
    rule = make("decomposition", "regions", picture=halves, colours=("red", "blue", "lime"))
    assert "no place that belongs to region-2" in told(rule, (3, 8, 8))
    assert "is 8x8 (height x width), and the image 8x16" in told(rule, (3, 8, 16))
    (tmp_path / "text.png").write_text("no picture")
    broken = make("decomposition", "regions", picture=tmp_path / "text.png")
    assert "not an image" in told(broken, (3, 8, 8))
