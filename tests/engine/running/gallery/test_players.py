"""Sounds of images, inside the page that plays them."""

import base64

import pytest

from superpose import loads, run
from superpose.running.gallery import write_gallery
from superpose.running.gallery.players import sound_of

TEXT = """prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 1
[medium]
kind = "spectrogram"
iterations = 1
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    recipe = loads(TEXT)
    return recipe, run(recipe, out=tmp_path_factory.mktemp("run")).images[0]


def test_a_page_holds_the_sound_and_may_play_it(made, tmp_path):
    recipe, image = made
    write_gallery([image.parent], tmp_path / "page.html")
    page, sound = (tmp_path / "page.html").read_text(), sound_of(image, recipe, 2**20)
    head, _, data = sound.partition(",")
    assert head == "data:audio/wav;base64"
    assert base64.b64decode(data) == image.with_suffix(".wav").read_bytes()
    assert sound in page
    assert "media-src data:" in page


def test_one_that_is_too_long_or_lost_is_left_out(made, tmp_path):
    recipe, image = made
    assert sound_of(image, recipe, 100) is None
    assert sound_of(tmp_path / "0000.png", recipe, 2**20) is None


def test_a_run_without_sounds_has_none(made):
    _, image = made
    silent = loads(TEXT.partition("[medium]")[0])
    assert sound_of(image, silent, 2**20) is None
