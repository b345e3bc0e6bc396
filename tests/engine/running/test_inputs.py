"""Files that a recipe names, as an image tells of them: names that clash nowhere and lead nowhere."""

import hashlib
import io
import re

import attrs
import pytest
from PIL import Image

from superpose import RecipeError
from superpose.media.png import Origin
from superpose.running import inputs
from superpose.running.inputs import Inputs, given_files, picture_name, unpacked


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (2, 2), colour).save(file, "PNG")
    return file.getvalue()


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_picture_travels_and_another_file_does_not(tmp_path):
    given = Inputs()
    picture, table = written(tmp_path / "a.png", png("red")), written(tmp_path / "words.txt", b"cat\n")
    name = given.name(picture)
    assert name == f"a-{hashlib.sha256(png('red')).hexdigest()[:12]}.png"
    assert given.pictures == {name: png("red")}
    assert given.name(table) == "words.txt"
    assert given.files == {"words.txt": hashlib.sha256(b"cat\n").hexdigest()}
    assert given.name(picture) == name, "a file has one name"


def test_files_of_one_name_are_told_apart(tmp_path):
    given = Inputs()
    names = [given.name(written(tmp_path / folder / "words.txt", folder.encode())) for folder in "abc"]
    assert names == ["words.txt", "words-2.txt", "words-3.txt"]
    (tmp_path / "model").mkdir()
    assert given.name(tmp_path / "model") == "model"
    assert not given.files["model"], "a folder has no hash"


def test_what_is_too_much_does_not_travel(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "EMBEDDED", len(png("red")))
    monkeypatch.setattr(inputs, "TOGETHER", len(png("red")) + 1)
    given = Inputs()
    large = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(large, "PNG")
    assert given.name(written(tmp_path / "large.png", large.getvalue())) == "large.png"
    first = given.name(written(tmp_path / "red.png", png("red")))
    assert given.name(written(tmp_path / "blue.png", png("blue"))) == "blue.png", "there is no room for a second"
    assert list(given.pictures) == [first]


@attrs.frozen
class Named:
    """A recipe whose networks have these files of weights."""

    weights_of: tuple

    def kinds(self):
        from small_models import First

        def kind(weights):
            made = First()
            return type("Weighted", (First,), {"weights": lambda self: weights})() if weights else made

        return map(kind, self.weights_of)


def test_weights_of_one_name_are_told_apart_and_equal_ones_are_not():
    weights = ({"unet": "1"}, {"unet": "2"}, {"unet": "1", "vae": "3"})
    assert Inputs().weights(Named(weights)) == {"unet": "1", "unet-2": "2", "vae": "3"}
    assert Inputs(called={"2": "mine"}).weights(Named(weights)) == {"unet": "1", "mine": "2", "vae": "3"}


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.png", ".png"), ("../../a.JPEG", ".JPEG"), ("a.p/../b", ""), ("a.toolong", ""), ("a.p\u00fcg", ""), ("a", "")],
)
def test_a_travelling_picture_can_not_leave_its_folder(name, ending, tmp_path):
    origin = Origin("recipe", 0, {}, {}, "cpu", {name: png("red")}, {})
    assert picture_name(name, png("red")).endswith(hashlib.sha256(png("red")).hexdigest()[:12] + ending)
    [path] = unpacked(origin, tmp_path).values()
    assert path.parent == tmp_path
    assert path.read_bytes() == png("red")


@pytest.mark.parametrize("name", ["house.png", "my dög/ünder the tree.png", f"{'a' * 99}.png", "-.png", "..png"])
def test_a_travelling_picture_keeps_its_name_when_it_travels_again(name):
    once = picture_name(name, png("red"))
    assert picture_name(once, png("red")) == once
    assert re.fullmatch(r"(?:[\w-]{1,32}-)?[0-9a-f]{12}(?:\.png)?", once, re.ASCII)
    content = hashlib.sha256(png("red")).hexdigest()[:12]
    assert picture_name(f"{content}.png", png("red")) == f"{content}.png", "as images of before have it"


def test_a_file_that_nobody_needs_or_that_is_not_there(tmp_path):
    origin = Origin('path = "model"', 0, {}, {}, "cpu", {}, {"words.txt": "1"})
    given = given_files(tmp_path / "0.png", origin, {"words.txt": tmp_path, "model": tmp_path})
    assert given == {"words.txt": tmp_path, "model": tmp_path}
    with pytest.raises(RecipeError, match=r"names no file 'other'; it needs words\.txt"):
        given_files(tmp_path / "0.png", origin, {"other": tmp_path})
    with pytest.raises(RecipeError, match="gone: no such file or folder"):
        given_files(tmp_path / "0.png", origin, {"words.txt": tmp_path / "gone"})
