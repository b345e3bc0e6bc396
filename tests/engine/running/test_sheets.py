"""Pages of a sheet: as many as the samples need, in their order, with none left of a run that had more."""

import numpy as np
import pytest
from PIL import Image

from superpose import loads
from superpose.media import sheet as drawing
from superpose.media.png import sheet_of, write_png
from superpose.media.sheet import Given, Mark, Note
from superpose.media.word_maps import ShownWord, WordMaps
from superpose.running.album import hashes_of
from superpose.running.sheets import Sheets

SUBJECT = loads('prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim"}\n').subject


@pytest.fixture
def images(tmp_path):
    """Images of one colour each."""
    paths = {}
    for number in (4, 0, 7, 9, 2):
        paths[number] = tmp_path / f"{number:04}.png"
        Image.new("RGB", (32, 32), (20 * number, 255 - 20 * number, 99)).save(paths[number])
    return paths


def sheets(tmp_path, **more):
    return Sheets(tmp_path, "run-1", SUBJECT, (3, 32, 32), **more)


@pytest.fixture
def small(monkeypatch):
    """Two samples a page."""
    real = drawing.layout_of

    def two(*about):
        layout, _ = real(*about)
        return layout, 2

    monkeypatch.setattr("superpose.running.sheets.layout_of", two)


def test_a_page_has_every_sample_in_the_order_of_the_sheet(images, tmp_path):
    [path] = sheets(tmp_path).write(images)
    assert path == sheets(tmp_path).pages(len(images))[0]
    assert sheet_of(path) == "run-1"
    page = np.asarray(Image.open(path).convert("RGB")).astype(int)
    places = [np.argwhere((page == (20 * number, 255 - 20 * number, 99)).all(-1)).min(0).tolist() for number in images]
    assert places == sorted(places), "they stand in rows, from left to right"


@pytest.mark.usefixtures("small")
def test_pages_hold_what_fits_and_those_of_more_samples_are_removed(images, tmp_path):
    mine = sheets(tmp_path)
    many = mine.write(images)
    assert list(many) == list(mine.pages(5))
    assert len(many) == 3
    assert all(path.exists() for path in many)
    few = dict(list(images.items())[:2])
    assert mine.write(few) == many[:1]
    assert [path.exists() for path in many] == [True, False, False]


@pytest.mark.usefixtures("small")
def test_a_page_of_another_run_is_kept(images, tmp_path):
    mine = sheets(tmp_path)
    pages = mine.write(images)
    write_png(pages[2], np.zeros((4, 4, 3), np.uint8), run="run-2")
    mine.write(dict(list(images.items())[:2]))
    assert [path.exists() for path in pages] == [True, False, True]


def test_notes_and_given_pictures_are_on_it(images, tmp_path):
    plain = sheets(tmp_path).write(images)[0].read_bytes()
    noted = sheets(tmp_path).write(images, {7: Note("A 0.50", (Mark("0.50", True),))})[0].read_bytes()
    given = Given("source", np.zeros((32, 32, 3), np.uint8))
    more = sheets(tmp_path, given=(given,)).write(images)[0].read_bytes()
    assert len({plain, noted, more}) == 3


def test_maps_stand_behind_readings_and_go_with_images_that_change(images, tmp_path):
    maps = {path.name: np.full((2, 3, 4, 4), 255, np.uint8) for path in images.values()}
    words = (ShownWord("bold", "bold A"), ShownWord("A", "bold A"))
    WordMaps(words, ("0", "1", "2"), maps, hashes_of([*images.values()])).write(tmp_path)
    mine = sheets(tmp_path)
    [path] = mine.write(images)
    assert list(map(len, mine.maps(images).values())) == [2] * 5
    drawn = np.asarray(Image.open(path))
    Image.new("RGB", (32, 32), "blue").save(images[4])
    assert list(map(len, mine.maps(images).values())) == [0, 2, 2, 2, 2]
    mine.write(images)
    assert np.asarray(Image.open(path)).shape == drawn.shape, "there is room for the sample that has most"
    (tmp_path / "maps.json").unlink()
    mine.write(images)
    assert np.asarray(Image.open(path)).shape != drawn.shape
