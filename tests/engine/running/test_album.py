"""Albums: the images of one run, in the order of its account, at the size that its views mean."""

import hashlib

import attrs
import numpy as np
import pytest
from PIL import Image

from folders import contents
from made_images import HEAD, NEGATE, made, pixels
from made_runs import made_run
from small_models import First, Larger
from superpose import RecipeError, load, loads, make, run
from superpose.media.png import Origin, read_origin, sheet_of, write_png
from superpose.recipe import Recipe, Stage, Subject
from superpose.running.album import album, hashes_of, scale_of

FAST = 'prompt = "A"\n' + HEAD + "[run]\nsamples = 3\n"


def test_images_without_an_account_are_in_the_order_of_their_numbers(tmp_path):
    made_run(tmp_path / "run", count=3, side=32)
    with album(tmp_path / "run") as opened:
        assert [path.name for path in opened.images] == ["0000.png", "0001.png", "0002.png"]
        assert [origin.sample for origin in opened.origins] == [0, 1, 2]
        assert opened.record is None
        assert opened.recipe.model.kind == "pictograms"


def test_an_account_gives_the_order_as_long_as_it_is_of_these_images(tmp_path):
    outcome = run(loads(FAST), tmp_path, device="cpu")
    account = tmp_path / "run.json"
    text = account.read_text()
    a, b = (f'"{path.name}": "{digest}"' for path, digest in zip(outcome.images[:2], hashes(outcome), strict=False))
    account.write_text(text.replace(a, "x").replace(b, a).replace("x", b))
    with album(tmp_path) as opened:
        assert [path.name for path in opened.images] == ["0001.png", "0000.png", "0002.png"]
        assert [origin.sample for origin in opened.origins] == [1, 0, 2]
        assert opened.record is not None
    outcome.images[2].unlink()
    with album(tmp_path) as opened:
        assert opened.record is None, "it is of other images"
        assert [path.name for path in opened.images] == ["0000.png", "0001.png"]


def hashes(outcome):
    return hashes_of(outcome.images).values()


def test_hashes_are_those_of_the_files(tmp_path):
    made(tmp_path / "a.png")
    assert hashes_of([tmp_path / "a.png"]) == {"a.png": hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()}
    assert hashes_of([]) == {}


@pytest.mark.parametrize("change", ["recipe", "device", "versions"])
def test_images_of_two_runs_are_no_album(tmp_path, change):
    origin = {"recipe": HEAD + NEGATE, "sample": 0, "versions": {}, "weights": {}, "device": "cpu"}
    other = {"recipe": HEAD + 'prompt = "A"\n', "device": "cuda", "versions": {"superpose": "9"}}[change]
    write_png(tmp_path / "0000.png", pixels(), Origin(**origin))
    write_png(tmp_path / "0001.png", pixels(), Origin(**origin | {"sample": 7, change: other}))
    with pytest.raises(RecipeError, match=r"0000\.png and 0001\.png were not made by one run: part them"):
        album(tmp_path).__enter__()


@pytest.mark.parametrize("name", ["empty", "none", "file"])
def test_what_holds_no_run_is_told(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(RecipeError, match=f"{name}: no images of a run are in it; name the folder"):
        album(tmp_path / name).__enter__()


def test_opening_leaves_the_folder_as_it_was(tmp_path):
    made(tmp_path / "0000.png")
    before = contents(tmp_path)
    with album(tmp_path):
        pass
    assert contents(tmp_path) == before


def test_the_scale_is_that_of_the_last_pictures_over_the_first_states():
    scheduler = make("scheduler", "ddim", steps=2)
    parts = {"scheduler": scheduler, "subject": Subject(prompt="a")}
    plain = Recipe(model=First(size=8), **parts)
    assert scale_of(plain) == 1
    larger = Stage(model=Larger(size=32), scheduler=scheduler)
    assert scale_of(Recipe(model=First(size=8), stage=[larger], **parts)) == 4


MANY = (
    HEAD
    + """prompt = "A"
[[constraint]]
kind = "sdedit"
image = "in/*.png"
[run]
samples = 2
noise = "shared"
"""
)


def of_many(folder, *changes, named=("f10", "f2")):
    (folder / "in").mkdir()
    for shade, name in enumerate(named):
        Image.fromarray(np.full((32, 32, 3), 90 * shade, np.uint8)).save(folder / "in" / f"{name}.png")
    (folder / "r.toml").write_text(MANY)
    return run(load(folder / "r.toml", changes), folder / "out", device="cpu")


def test_images_of_many_files_are_one_album_in_the_order_of_their_names(tmp_path):
    outcome = of_many(tmp_path)
    with album(tmp_path / "out") as opened:
        assert [path.name for path in opened.images] == [path.name for path in outcome.images]
        assert [path.name for path in opened.images] == ["f2-0000.png", "f2-0001.png", "f10-0000.png", "f10-0001.png"]
        assert [origin.sample for origin in opened.origins] == [0, 1, 0, 1], "noise is shared"
        assert list(opened.numbered.values()) == list(opened.images)
        assert opened.of_files
        assert "*.png" in opened.text, "the recipe names all files"
        assert opened.subject.prompt == "A"
        assert opened.run == sheet_of(outcome.sheet)


@pytest.mark.parametrize("named", [("0000", "0001"), ("0000", "cat")])
def test_files_called_by_numbers_are_many_files_all_the_same(tmp_path, named):
    of_many(tmp_path, "run.samples=1", named=named)
    with album(tmp_path / "out") as opened:
        assert opened.of_files
        assert [path.stem for path in opened.images] == [*named]


def test_images_of_another_recipe_over_files_are_no_album(tmp_path):
    outcome = of_many(tmp_path)
    (tmp_path / "out" / "recipe.toml").unlink()
    with album(tmp_path / "out") as opened:
        assert opened.text == opened.origins[0].recipe
    other = read_origin(outcome.images[0])
    write_png(tmp_path / "out" / "g.png", pixels(), attrs.evolve(other, recipe=other.recipe.replace('"A"', '"B"')))
    with pytest.raises(RecipeError, match=r"f2-0000\.png and g\.png were not made by one run: part them"):
        album(tmp_path / "out").__enter__()


def test_files_by_which_images_are_read_must_be_one(tmp_path):
    """The page of an album reads all of its images as the first."""
    for name in ("a.png", "b.png"):
        shows = f'[[view]]\nkind = "pieces"\npicture = "{name}"\nprompt = "A"\n'
        write_png(tmp_path / name, pixels(), Origin(HEAD + shows, 0, {}, {}, inputs={name: b""}))
    with pytest.raises(RecipeError, match="were not made by one run"):
        album(tmp_path).__enter__()
