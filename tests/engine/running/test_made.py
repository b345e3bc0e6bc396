"""What exists already: images, recipes and folders of runs as tables, and images of a folder that are a run's."""

import numpy as np
import pytest
from PIL import Image

from made_images import HEAD, NEGATE, made, pixels
from superpose import RecipeError
from superpose.media.png import Origin, read_origin, write_png
from superpose.running.made import Made, images_in, table_of

RUN = "[run]\nsamples = {}\nseed = 3\nbatch_size = {}\nat_once = {}\n"


def recipe(path, samples=2, batch_size=0, at_once=16):
    path.write_text(HEAD + NEGATE + RUN.format(samples, batch_size, at_once))
    return path


def test_an_image_is_its_recipe_its_origin_and_its_pixels(tmp_path):
    values = made(tmp_path / "0003.png")
    one = Made.of(tmp_path / "0003.png")
    assert one.table["view"][1] == {"kind": "negate", "prompt": "B"}
    assert one.origin == read_origin(tmp_path / "0003.png")
    assert np.array_equal(one.pixels("0003.png"), values)
    assert list(one.images) == ["0003.png"]


def test_a_recipe_has_every_option_written_out_and_no_image(tmp_path):
    one = Made.of(recipe(tmp_path / "a.TOML"))
    assert (one.origin, one.images) == (None, {})
    assert one.table["run"]["samples"] == 2
    assert one.table["scheduler"]["eta"] == 0
    assert one.table["view"][0]["weight"] == 1


def test_pictures_are_called_by_their_name_and_content_wherever_they_are(tmp_path):
    tables = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels(32, 32)).save(tmp_path / folder / "picture.png")
        text = 'prompt = "A"\n[[constraint]]\nkind = "sdedit"\nimage = "picture.png"\n'
        (tmp_path / folder / "a.toml").write_text(HEAD + text)
        tables.append(Made.of(tmp_path / folder / "a.toml").table)
    assert tables[0] == tables[1]


def test_a_folder_is_the_run_of_its_images_or_the_recipe_in_it(tmp_path):
    recipe(tmp_path / "recipe.toml")
    assert Made.of(tmp_path).images == {}
    assert Made.of(tmp_path).table["run"]["samples"] == 2
    for name in ("0001.png", "0000.png"):
        made(tmp_path / name)
    assert list(Made.of(tmp_path).images) == ["0000.png", "0001.png"]
    assert "run" not in Made.of(tmp_path).table, "the images say what made them"
    assert Made.of(tmp_path).origin is None


def test_what_is_neither_is_told(tmp_path):
    with pytest.raises(RecipeError, match=r"neither images that superpose wrote are in it nor a recipe\.toml"):
        Made.of(tmp_path)
    with pytest.raises(RecipeError, match=r"none\.png"):
        Made.of(tmp_path / "none.png")


def test_images_of_a_run_are_numbered_ours_and_in_the_order_of_their_numbers(tmp_path):
    for name in ("9999.png", "10000.png", "0002.png", "12345.png", "002.png", "sheet.png", "0003.PNG"):
        made(tmp_path / name)
    Image.fromarray(pixels()).save(tmp_path / "0007.png")
    (tmp_path / "0008.png").write_bytes(b"no image")
    (tmp_path / "0009.png").mkdir()
    assert [path.name for path in images_in(tmp_path)] == ["0002.png", "9999.png", "10000.png", "12345.png"]


def test_settings_that_change_no_bit_are_compared_where_both_can_say_them(tmp_path):
    one, two = (Made.of(recipe(tmp_path / f"{n}.toml", samples=n, at_once=n, batch_size=4)) for n in (2, 3))
    assert one.comparable(two)["run"] != two.comparable(one)["run"], "recipes know of samples"
    made(tmp_path / "0000.png", NEGATE + RUN.format(7, 4, 5))
    image = Made.of(tmp_path / "0000.png")
    assert image.comparable(one)["run"] == {"seed": 3, "batch_size": 4}
    assert one.comparable(image)["run"]["seed"] == 3
    assert "samples" not in one.comparable(image)["run"]


def test_rows_that_one_leaves_open_are_compared_with_none(tmp_path):
    recipe(tmp_path / "open.toml")
    made(tmp_path / "0000.png", NEGATE + RUN.format(1, 8, 16))
    left, settled = Made.of(tmp_path / "open.toml"), Made.of(tmp_path / "0000.png")
    for one, other in ((left, settled), (settled, left)):
        assert "batch_size" not in one.comparable(other)["run"]
    assert settled.comparable(settled)["run"]["batch_size"] == 8


@pytest.mark.parametrize(
    ("text", "why"), [("prompt =", "not TOML"), ("a = " + "[" * 9999, "nested too deeply|not TOML")]
)
def test_a_recipe_inside_that_is_no_toml_is_told(tmp_path, text, why):
    write_png(tmp_path / "a.png", pixels(), Origin(text, 0, {}, {}, "cpu"))
    with pytest.raises(RecipeError, match=r"a\.png: the recipe inside is not TOML: .*"):
        table_of(tmp_path / "a.png", read_origin(tmp_path / "a.png"))
