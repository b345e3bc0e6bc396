"""The recipe inside an image: read with the files that travel and are given alone, its networks never."""

import io

import numpy as np
import pytest
from PIL import Image

from made_images import ELSEWHERE, HEAD, NEGATE, made, pixels
from superpose import RecipeError
from superpose.running.inside import inside

PICTURE = 'prompt = "A"\n[[constraint]]\nkind = "sdedit"\nimage = "{}"\n'
CASCADE = 'prompt = "A"\n[model]\nkind = "small-first"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
CASCADE += '[[stage]]\nmodel = {kind = "small-larger"}\nscheduler = {kind = "ddim", steps = 2}\n'

BANDS = '[decomposition]\nkind = "haar"\nbands = 2\nband-0 = "A"\nband-1 = "B"\n'


def png():
    file = io.BytesIO()
    Image.fromarray(pixels(32, 32)).save(file, "PNG")
    return file.getvalue()


def test_pictures_that_travel_are_there_as_long_as_the_block_lasts(tmp_path):
    made(tmp_path / "a.png", PICTURE.format("0123456789ab.png"), **{"0123456789ab.png": png()})
    with inside(tmp_path / "a.png") as opened:
        file = opened.recipe().constraint[0].image
        assert file.read_bytes() == png()
        assert opened.folder in file.parents
    assert not file.exists()


def test_a_file_that_does_not_travel_is_asked_for_and_not_looked_for(tmp_path):
    made(tmp_path / "a.png", PICTURE.format("big.png"))
    (tmp_path / "big.png").write_bytes(png())
    says = r"a\.png \(the recipe inside\):6:1: constraint\.0\.image: the file 'big\.png' does not travel"
    with inside(tmp_path / "a.png") as opened, pytest.raises(RecipeError, match=says):
        opened.recipe()


def test_what_is_shown_is_at_the_size_of_the_picture_with_the_heights_before(tmp_path, small):
    made(tmp_path / "a.png", CASCADE, pixels(16, 16), head="")
    with inside(tmp_path / "a.png") as opened:
        shown = opened.shown()
    assert (shown.subject.prompt, shown.heights) == ("A", (8,))


def test_networks_need_not_be_here_unless_something_counts_their_pixels(tmp_path):
    made(tmp_path / "a.png", NEGATE, head=ELSEWHERE)
    with inside(tmp_path / "a.png") as opened:
        shown = opened.shown()
    assert [term.view.kind for term in shown.subject.view] == ["identity", "negate"]
    assert shown.heights == ()
    made(tmp_path / "b.png", BANDS, head=ELSEWHERE)
    with inside(tmp_path / "b.png") as opened, pytest.raises(RecipeError, match="depends on the size of its model"):
        opened.shown()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_what_the_file_has_in_numbers(tmp_path, channels):
    values = made(tmp_path / "a.png", NEGATE, pixels(16, 12, channels))
    with inside(tmp_path / "a.png") as opened:
        picture = opened.shown().picture()
    assert np.array_equal(picture, values.transpose(2, 0, 1) / 127.5 - 1)


def test_a_picture_that_its_views_do_not_take_is_refused(tmp_path):
    inner = '[[view]]\nkind = "identity"\n[[view.view]]\nkind = "rotate"\ndegrees = 90\nprompt = "A"\n'
    made(tmp_path / "a.png", inner, pixels(16, 16))
    with inside(tmp_path / "a.png") as opened:
        assert opened.shown().picture().shape == (3, 16, 16)
    made(tmp_path / "a.png", inner.replace('"rotate"\ndegrees = 90', '"jigsaw"'), pixels(16, 12))
    with inside(tmp_path / "a.png") as opened, pytest.raises(RecipeError, match=r"a\.png: .*jigsaw"):
        opened.shown().picture()


def test_what_has_no_recipe_inside_is_told(tmp_path):
    Image.fromarray(pixels()).save(tmp_path / "photo.png")
    with pytest.raises(RecipeError, match=r"photo\.png"):
        inside(tmp_path / "photo.png").__enter__()
    made(tmp_path / "a.png", NEGATE)
    with pytest.raises(RecipeError, match=r"names no file 'x\.png'"):
        inside(tmp_path / "a.png", {"x.png": tmp_path / "photo.png"}).__enter__()


def test_the_recipe_is_that_of_the_image(tmp_path):
    made(tmp_path / "a.png", NEGATE)
    with inside(tmp_path / "a.png") as opened:
        assert opened.origin.recipe == HEAD + NEGATE
        assert [kind.kind for kind in opened.recipe().kinds()][:2] == ["glyphs", "ddim"]
