"""What lies beside the images of a run: a recipe that makes them again, and an account that is true."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from folders import contents
from superpose import Notice, load, run
from superpose.media.png import read_origin, sheet_of
from superpose.running.record import HEAD, RECIPE, RECORD, read_record

TEXT = """prompt = "R"
model = { kind = "glyphs" }
scheduler = { kind = "ddim", steps = 2 }
[[constraint]]
kind = "sdedit"
image = "small.png"
[run]
samples = 2
"""


@pytest.fixture
def recipe(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    (tmp_path / "project").mkdir()
    Image.fromarray(pixels).save(tmp_path / "project" / "small.png")
    path = tmp_path / "project" / "letter.toml"
    path.write_text(TEXT)
    return path


def images(folder):
    return {name: data for name, data in contents(folder).items() if name.endswith(".png")}


def test_the_recipe_makes_the_images_again_wherever_its_folder_went(recipe, tmp_path):
    out = recipe.parent / "runs" / "letter"
    run(load(recipe, ["run.at_once=1"]), out)
    shutil.move(recipe.parent, tmp_path / "moved")
    moved = tmp_path / "moved" / "runs" / "letter"
    assert str(tmp_path) not in (moved / RECIPE).read_text()
    run(load(moved / RECIPE), tmp_path / "again")
    assert images(tmp_path / "again") == images(moved)


def test_the_account_is_true(recipe, tmp_path):
    outcome = run(load(recipe), tmp_path / "out")
    record = read_record(tmp_path / "out")
    origin = read_origin(outcome.images[0])
    assert record.run == sheet_of(outcome.sheet)
    assert record.images == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in outcome.images}
    assert (record.versions, record.weights, record.device) == (origin.versions, origin.weights, "cpu")
    assert (record.samples, record.sheets, record.made, record.drawn) == ([0, 1], ["sheet.png"], 2, 0)
    assert record.seconds == round(outcome.seconds, 3) > 0
    assert record.stages == [{"rows": 1, "evaluations": 1, "total": 1}]


def test_rows_are_told_where_the_recipe_settles_them(recipe, tmp_path):
    run(load(recipe, ["run.batch_size=2", "run.samples=1"]), tmp_path / "out")
    assert read_record(tmp_path / "out").stages == [{"rows": 1, "evaluations": 1, "total": 1}]


def test_what_was_made_in_several_goes_is_added_up(recipe, tmp_path):
    out = tmp_path / "out"
    run(load(recipe), out)
    first = read_record(out)
    more = run(load(recipe, ["run.samples=3"]), out, resume=True)
    again = read_record(out)
    assert (again.made, again.samples) == (3, [0, 1, 2])
    assert again.seconds == pytest.approx(first.seconds + more.seconds, abs=2e-3)
    run(load(recipe), out)
    assert read_record(out).made == 2


@pytest.mark.parametrize(("name", "text"), [(RECIPE, "# mine\n" + TEXT), (RECORD, '{"mine": 1}'), (RECIPE, HEAD + "=")])
def test_a_file_of_somebody_elses_is_kept(name, text, recipe, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text(text)
    with pytest.warns(Notice, match=f"{name} .* is left as it is; the images hold their recipe"):
        run(load(recipe), out, overwrite=True)
    assert (out / name).read_text() == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run": "a"}', "[" * 10_000, "null"])
def test_an_account_that_is_none(text, tmp_path):
    (tmp_path / RECORD).write_text(text)
    assert read_record(tmp_path) is None


def test_accounts_have_no_clock_but_the_seconds(recipe, tmp_path):
    for name in ("one", "two"):
        run(load(recipe), tmp_path / name)
    one, two = (json.loads((tmp_path / name / RECORD).read_text()) for name in ("one", "two"))
    one["seconds"] = two["seconds"]
    assert one == two
