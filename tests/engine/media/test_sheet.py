"""The contact sheet shows every reading of every sample."""

import numpy as np
import pytest
import torch

from superpose import loads
from superpose.media.sheet import readings, sheet

HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'


def subject(text):
    return loads(text, name="recipe").subject


def images(count=3):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('prompt = "A"\n' + HEAD, ["A"]),
        (
            HEAD
            + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"\n',
            ["A", "V"],
        ),
        (HEAD + '[decomposition]\nkind = "hybrid"\nlow = "O"\nhigh = "X"\n', ["whole", "low: O", "high: X"]),
        (
            HEAD
            + '[decomposition]\nkind = "hybrid"\nhigh = "X"\n'
            + '[[decomposition.low.view]]\nkind = "identity"\nprompt = "n"\n'
            + '[[decomposition.low.view]]\nkind = "rotate"\ndegrees = 180\nprompt = "u"\n',
            ["whole", "low: n", "low: u", "high: X"],
        ),
    ],
)
def test_readings_follow_the_recipe(text, labels):
    ways = readings(subject(text))
    assert [way.label for way in ways] == labels
    for way in ways:
        assert way.show(images()).shape == (3, 3, 32, 32), way.label


def test_a_reading_shows_what_its_view_shows():
    text = HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"\n'
    upright, turned = readings(subject(text))
    x = images()
    assert torch.equal(upright.show(x), x)
    assert torch.equal(turned.show(x), x.flip(2, 3))


def test_every_tile_is_on_the_sheet():
    x = images(2)
    pixels = sheet(x, subject('prompt = "A"\n' + HEAD), (0, 1))
    for image in x:
        tile = ((image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy().repeat(4, 0).repeat(4, 1)
        found = any(
            np.array_equal(pixels[y : y + 128, left : left + 128], tile)
            for y in range(pixels.shape[0] - 127)
            for left in range(0, pixels.shape[1] - 127, 8)
            if np.array_equal(pixels[y, left : left + 8], tile[0, :8])
        )
        assert found
