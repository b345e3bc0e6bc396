"""What a recipe of several files stands for: one recipe each, with samples of its own."""

import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError, load
from superpose.running.several import identity, members_of

RECIPE = """prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 2
[[constraint]]
kind = "inpaint"
image = "a/*.png"
mask = "b/*.png"
[run]
samples = 2
"""


def files(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((32, 32), np.uint8)).save(folder / name)


def members(folder, *changes):
    (folder / "r.toml").write_text(RECIPE)
    with members_of(load(folder / "r.toml", changes)) as several:
        return several.members


def test_files_that_belong_together_are_taken_together(tmp_path):
    files(tmp_path, "a/x.png", "a/y.png", "b/x.png", "b/y.png")
    found = members(tmp_path)
    assert [member.name for member in found] == ["x", "y"]
    for member in found:
        assert member.recipe.constraint[0].image == tmp_path / "a" / f"{member.name}.png"
        assert member.recipe.constraint[0].mask == tmp_path / "b" / f"{member.name}.png"


def test_each_has_samples_of_its_own_unless_noise_is_shared(tmp_path):
    files(tmp_path, "a/x.png", "a/y.png", "b/x.png", "b/y.png")
    own, shared = members(tmp_path), members(tmp_path, "run.noise=shared")
    assert [member.samples for member in own] == [(0, 1), (2, 3)]
    assert [member.samples for member in shared] == [(0, 1), (0, 1)]
    assert own[0].recipe == shared[0].recipe
    assert own[1].names() == {2: "y-0000.png", 3: "y-0001.png"}
    assert members(tmp_path, "run.samples=1")[1].names() == {1: "y.png"}


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("a/x.png", "a/y.png", "b/x.png"), r"\*\.png names 2, \*\.png names 1: give as many of each"),
        (("a/x.png", "b/y.png"), r"x\.png and y\.png would be taken together: call alike"),
        (("a/sheet.png", "b/sheet.png"), r"sheet\.png: its image would be called as the contact sheet is"),
    ],
)
def test_files_that_can_not_be_told_apart_or_together_are_refused(names, says, tmp_path):
    files(tmp_path, *names)
    with pytest.raises(RecipeError, match=says):
        members(tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path):
    files(tmp_path, "a/x.png", "a/x.webp", "b/m.png")
    with pytest.raises(RecipeError, match=r"x\.png and x\.webp would both be made into x\.png: rename one"):
        members(tmp_path, "constraint.0.image=" + str(tmp_path / "a" / "*"), f"constraint.0.mask={tmp_path}/b/m.png")


def test_the_identity_is_of_all():
    assert identity(["a", "b"]) == identity(["a", "b"]) != identity(["b", "a"])
