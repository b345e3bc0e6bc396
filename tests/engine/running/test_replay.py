"""Replaying a stranger's image: it reads what travels inside and what it is given, and nothing else."""

import attrs
import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError, load, loads, replay, run
from superpose.cli import main
from superpose.media.png import read_origin, write_png

RECIPE = """prompt = "A"
model = {{ kind = "glyphs" }}
scheduler = {{ kind = "ddim", steps = 2 }}
[[constraint]]
kind = "sdedit"
image = "{image}"
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with a small picture and one that is too large to travel."""
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    (tmp_path / "large.png").write_bytes((tmp_path / "small.png").read_bytes() + bytes(2**20))
    return tmp_path


def made(folder, image):
    """The image of a recipe, in a folder of its own."""
    return run(loads(RECIPE.format(image=image), folder=folder), folder / "out", device="cpu").images[0]


def forge(path, **changes):
    """The image with another origin inside."""
    write_png(path, np.asarray(Image.open(path)), attrs.evolve(read_origin(path), **changes))


def test_a_small_picture_travels(folder):
    path = made(folder, "small.png")
    (folder / "small.png").unlink()
    assert replay(path, folder / "again").read_bytes() == path.read_bytes()


def test_no_path_of_the_makers_machine_travels(folder):
    path = made(folder, "large.png")
    origin = read_origin(path)
    assert str(folder) not in origin.to_json()
    assert 'image = "large.png"' in origin.recipe
    assert list(origin.files) == ["large.png"]


class TestInputs:
    def test_a_file_that_does_not_travel_is_asked_for(self, folder):
        path = made(folder, "large.png")
        with pytest.raises(RecipeError, match=r"'large\.png' does not travel.*give it, --input NAME=PATH"):
            replay(path, folder / "again")

    def test_and_may_be_called_otherwise_here(self, folder, capsys):
        path = made(folder, "large.png")
        (folder / "large.png").rename(folder / "mine.png")
        given = ["--input", f"large.png={folder / 'mine.png'}"]
        assert main(["replay", str(path), "--out", str(folder / "again"), *given]) == 0
        assert capsys.readouterr().err == "the same bytes\n"
        assert (folder / "again" / path.name).read_bytes() == path.read_bytes()

    def test_another_file_is_said_to_be_another_before_the_run(self, folder):
        path, told = made(folder, "large.png"), []
        Image.new("RGB", (32, 32)).save(folder / "other.png")
        replay(path, folder / "again", inputs={"large.png": folder / "other.png"}, tell=told.append)
        assert len(told) == 1
        assert "'large.png' is another file than the one" in told[0]

    def test_other_weights_are_said_to_be_others(self, folder):
        path, told = made(folder, "small.png"), []
        forge(path, weights=dict.fromkeys(read_origin(path).weights, "0" * 64))
        replay(path, folder / "again", tell=told.append)
        assert len(told) == 1
        assert "are not those that the image was made with: 000000000000 then" in told[0]

    @pytest.mark.parametrize("given", ["large.png", "=x", "large.png="])
    def test_half_an_input(self, folder, given, capsys):
        path = made(folder, "small.png")
        assert main(["replay", str(path), "--out", str(folder / "again"), "--input", given]) == 2
        assert "write NAME=PATH" in capsys.readouterr().err

    def test_an_input_that_nothing_names(self, folder):
        path = made(folder, "large.png")
        with pytest.raises(RecipeError, match=r"names no file 'larg\.png'; it needs large\.png"):
            replay(path, folder / "again", inputs={"larg.png": folder / "large.png"})


class TestStrangers:
    """Recipes that name files of the machine that replays them."""

    @pytest.mark.parametrize("name", ["{folder}/small.png", "../small.png", "small.png", "/dev/zero", "/etc/passwd"])
    def test_no_file_is_read_and_none_is_said_to_be_there(self, folder, name):
        path, said = made(folder, "small.png"), []
        for there in (name.format(folder=folder), name.format(folder=folder) + ".not"):
            forge(path, recipe=RECIPE.format(image=there), inputs={})
            with pytest.raises(RecipeError) as error:
                replay(path, folder / "again")
            said.append(str(error.value).replace(".not", ""))
        assert said[0] == said[1], "the error tells which files there are"
        assert "does not travel with the recipe" in said[0]
        assert not list((folder / "again").glob("*")) if (folder / "again").exists() else True

    def test_a_picture_named_to_leave_its_folder_does_not(self, folder):
        path = made(folder, "small.png")
        name, victim = "../../victim.png", folder / "victim.png"
        forge(path, recipe=RECIPE.format(image=name), inputs={name: (folder / "small.png").read_bytes()})
        again = replay(path, folder / "again")
        assert not victim.exists()
        assert name not in read_origin(again).to_json()


def test_recipes_of_files_still_name_any_file(folder):
    (folder / "r.toml").write_text(RECIPE.format(image=folder / "small.png"))
    assert load(folder / "r.toml").constraint[0].image == folder / "small.png"
