"""Words of images: letters of a recipe's readings set in print, refused where there are none."""

import numpy as np
import pytest
from PIL import Image

from made_images import made, pixels
from superpose import RecipeError
from superpose.running.typesetting import typeset_word

HEAD = 'scheduler = {kind = "ddim", steps = 2}\nmodel = {kind = "word", letters = 2, model = {kind = "glyphs"}}\n'
TURNED = "".join(
    f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n' for kind, prompt in (("identity", "xh"), ("rotate", "yx"))
)
HEIGHT = 40


def drawn(*boxes):
    """Two letters on white, each a black block: its rows and columns in a cell of 32 pixels."""
    values = np.full((32, 64, 3), 255, np.uint8)
    for cell, (top, bottom, left, right) in enumerate(boxes):
        values[top:bottom, 32 * cell + left : 32 * cell + right] = 0
    return values


def test_a_letter_is_as_high_as_both_its_readings(tmp_path):
    """The first is an x, and upside down an x; the second an h, and upside down a y, whose descender is then above."""
    made(tmp_path / "a.png", TURNED, drawn((8, 24, 8, 24), (8, 24, 8, 24)), HEAD)
    picture, outlines = typeset_word(tmp_path / "a.png", height=HEIGHT, trace=False)
    assert (picture, outlines) == (tmp_path / "a-word.png", None)
    dark = np.asarray(Image.open(picture)) < 128
    edges = np.flatnonzero(np.diff(dark.any(0).astype(int)))
    first, second = dark[:, : edges[1] + 1], dark[:, edges[2] :]
    heights = [np.ptp(np.flatnonzero(part.any(1))) + 1 for part in (first, second)]
    assert np.abs(np.subtract(heights, (HEIGHT, 1.5 * HEIGHT))).max() <= 1
    bottoms = [np.flatnonzero(part.any(1))[-1] for part in (first, second)]
    assert abs(bottoms[0] - bottoms[1]) <= 1, "they stand on two lines"


def test_outlines_are_named_by_the_words(tmp_path):
    pytest.importorskip("vtracer")
    made(tmp_path / "a.png", TURNED, drawn((8, 24, 8, 24), (4, 28, 8, 24)), HEAD)
    assert "<title>xh; yx</title>" in typeset_word(tmp_path / "a.png", height=HEIGHT).outlines.read_text()


def test_what_is_no_word(tmp_path):
    made(tmp_path / "a.png", TURNED, drawn((8, 24, 8, 24)), HEAD)
    with pytest.raises(RecipeError, match="nothing is drawn where letter 2 should be"):
        typeset_word(tmp_path / "a.png", trace=False)
    made(tmp_path / "b.png", values=pixels(32, 32))
    with pytest.raises(RecipeError, match=r"paints no letters beside each other: name one that does in \[model\]"):
        typeset_word(tmp_path / "b.png", trace=False)


def test_files_that_are_there_and_sizes_that_are_none(tmp_path):
    made(tmp_path / "a.png", TURNED, drawn((8, 24, 8, 24), (8, 24, 8, 24)), HEAD)
    with pytest.raises(RecipeError, match="from 8 to 2000 pixels, got 3"):
        typeset_word(tmp_path / "a.png", height=3, trace=False)
    typeset_word(tmp_path / "a.png", height=HEIGHT, trace=False)
    with pytest.raises(RecipeError, match=r"a-word\.png is there already"):
        typeset_word(tmp_path / "a.png", height=HEIGHT, trace=False)
    typeset_word(tmp_path / "a.png", height=HEIGHT, trace=False, overwrite=True)
