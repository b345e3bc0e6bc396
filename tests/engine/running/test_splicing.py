"""Images of the columns of several samples: the pixels of each in its place, and made again to the byte."""

import attrs
import numpy as np
import pytest

from superpose import RecipeError, RunError, loads, primes, replay
from superpose.media.images import read_picture
from superpose.media.png import read_origin, write_png
from superpose.running.job import Job
from superpose.running.splicing import columns_of, entwined, spliced, write_spliced

WORD = """prompt = "po"
[model]
kind = "word"
letters = 2
[model.model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 1
[run]
samples = 3
"""


def test_columns_come_from_the_samples_that_are_named():
    drawings = {k: np.full((2, 6, 3), k, np.uint8) for k in range(4)}
    assert spliced(drawings, (3, 0, 2))[0, :, 0].tolist() == [3, 3, 0, 0, 2, 2]


def test_it_is_made_again_from_its_samples(tmp_path):
    recipe = loads(WORD)
    assert columns_of(recipe) == 2
    with Job.of(recipe, tmp_path / "run", drawn=3) as job:
        for _ in job.make(job.pending):
            pass
        drawings = {k: read_picture(job.path(k)) for k in range(3)}
        assert write_spliced(job, drawings, (2, 0)) == 2
        made = job.path(2)
        assert not job.has_made(2)
        assert job.has_made(2, (2, 0))
        assert job.has_made(2, None)
        assert not job.has_made(2, (2, 1))
    origin = read_origin(made)
    assert (origin.sample, origin.columns, origin.drawn) == (2, (2, 0), 3)
    assert np.array_equal(read_picture(made)[:, :32], drawings[2][:, :32])
    assert np.array_equal(read_picture(made)[:, 32:], drawings[0][:, 32:])
    again = replay(made, tmp_path / "again")
    assert again.read_bytes() == made.read_bytes()
    write_png(again, read_picture(again), attrs.evolve(origin, columns=(2, 1)))
    with pytest.raises(RunError, match="is there already, and another image"):
        replay(made, tmp_path / "again")
    with Job.of(recipe, tmp_path / "run", drawn=3, resume=True) as job:  # the choice is ours: nothing is in the way
        assert job.pending == (2,)


def test_a_sheet_of_it_is_printed_and_made_again_from_its_samples(tmp_path):
    view = '[[view]]\nkind = "rotate"\nprompt = "po"\n'
    with Job.of(loads(view + WORD.removeprefix('prompt = "po"\n')), tmp_path / "run") as job:
        for _ in job.make([0, 1, 2]):
            pass
        write_spliced(job, {k: read_picture(job.path(k)) for k in range(3)}, (2, 0))
        path = job.path(2)
    [sheet] = primes(path, scale=2, pages=False).images
    assert read_picture(sheet).shape == (64, 128, 3)
    assert replay(sheet, tmp_path / "again").read_bytes() == sheet.read_bytes()
    assert read_origin(sheet).columns == (2, 0)


def test_columns_of_which_the_recipe_knows_nothing_are_refused(tmp_path):
    with Job.of(loads(WORD), tmp_path / "run") as job:
        for _ in job.make([0, 1, 2]):
            pass
        write_spliced(job, {k: read_picture(job.path(k)) for k in range(3)}, (1, 1, 1, 1))
        path = job.path(1)
    with pytest.raises(RecipeError, match="an image of 4 columns"):
        replay(path, tmp_path / "again")


POPULATION = """
[population]
kind = "best-of"
classifier = {kind = "word-reader", letters = 2, words = ["po"], classifier = {kind = "glyphs-classifier"}}
"""
GUIDED = """
[[constraint]]
kind = "tfg"
loss = {kind = "colour"}
"""


@pytest.mark.parametrize(
    ("further", "why"),
    [
        ("", ""),
        (POPULATION, "population 'best-of' weighs whole images"),
        (GUIDED, "constraint 'tfg' acts on whole images"),
    ],
)
def test_whole_images_have_no_columns_of_others(further, why):
    assert entwined(loads(WORD + further)) == why


def test_columns_of_several_swarms_are_no_image(tmp_path):
    with Job.of(loads(WORD + POPULATION), tmp_path / "run") as job:
        write_spliced(job, {k: np.zeros((32, 64, 3), np.uint8) for k in range(3)}, (2, 0))
        path = job.path(2)
    with pytest.raises(RecipeError, match="its recipe can't have made: population 'best-of' weighs whole images"):
        replay(path, tmp_path / "again")
