"""Files beside images: written with them, kept with them, made again, and gone with them."""

import json

import pytest

from superpose import RecipeError, load, loads, replay, run
from superpose.cli import main
from superpose.media.images import read_picture
from superpose.running import job as module
from superpose.running.renditions import rendition_of, with_renditions

TEXT = """prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 1
[medium]
kind = "spectrogram"
iterations = 1
[run]
samples = 3
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "letter.toml"
    path.write_text(TEXT)
    return path


def test_each_image_has_one_which_is_made_of_its_pixels(recipe, tmp_path):
    outcome = run(load(recipe), out=tmp_path / "run")
    medium = load(recipe).medium
    for image in outcome.images:
        sound = image.with_suffix(".wav").read_bytes()
        [_, comment] = sound.split(b"ICMT")
        origin = comment[4:].split(b"\0", 1)[0].decode()
        assert json.loads(origin)["sample"] == int(image.stem)
        assert sound == medium.encoded(read_picture(image), origin)


def test_a_recipe_without_a_medium_has_none(tmp_path):
    recipe = loads(TEXT.replace('[medium]\nkind = "spectrogram"\niterations = 1\n', ""))
    assert rendition_of(tmp_path / "0000.png", recipe) is None
    assert with_renditions([tmp_path / "0000.png"], recipe) == {tmp_path / "0000.png"}


def test_it_is_made_again_to_the_byte(recipe, tmp_path):
    [*_, image] = run(load(recipe), out=tmp_path / "run").images
    again = replay(image, tmp_path / "again")
    assert again.with_suffix(".wav").read_bytes() == image.with_suffix(".wav").read_bytes()
    assert again.read_bytes() == image.read_bytes()


def test_one_that_is_lost_is_made_again_and_no_other(recipe, tmp_path, monkeypatch):
    out = tmp_path / "run"
    run(load(recipe), out=out)
    sound = (out / "0001.wav").read_bytes()
    (out / "0001.wav").unlink()
    written, write = [], module.write_rendition
    monkeypatch.setattr(
        module, "write_rendition", lambda image, *more: (written.append(image.name), write(image, *more))
    )
    run(load(recipe), out=out, resume=True)
    assert written == ["0001.png"]
    assert (out / "0001.wav").read_bytes() == sound


def test_somebody_elses_sound_is_not_replaced(recipe, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "0001.wav").write_bytes(b"mine")
    with pytest.raises(RecipeError, match=r"0001\.wav is one"):
        run(load(recipe), out=out)
    assert (out / "0001.wav").read_bytes() == b"mine"
    assert not list(out.glob("*.png"))


def test_those_of_images_that_are_not_kept_go_with_them(recipe, tmp_path):
    out = tmp_path / "best"
    assert main(["run", str(recipe), "--best", "1", "--of", "3", "--out", str(out)]) == 0
    images, sounds = ({path.stem for path in out.glob(f"*.{end}")} - {"sheet"} for end in ("png", "wav"))
    assert len(images) == 1
    assert sounds == images


def test_check_tells_of_it(recipe, capsys):
    assert main(["check", str(recipe)]) == 0
    told = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "medium spectrogram" in told
    assert "1.02 s of sound at 16000 Hz, 32 bands from 40 to 8000 Hz, a .wav file beside each image" in told
