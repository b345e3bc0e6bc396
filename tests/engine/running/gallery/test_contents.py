"""Contents of a gallery: every image with its reading, its score, and a command that makes it again, in the room."""

import base64
import io
import shlex

import numpy as np
import pytest
from PIL import Image

from made_runs import HEAD, made_run, mapped, scored
from superpose.running.album import album
from superpose.running.gallery.contents import command_of, run_of

HYBRID = HEAD + '[decomposition]\nkind = "hybrid"\nlow = "cat"\nhigh = "dog"\n'


def contents(folder, room=2**20):
    with album(folder) as opened:
        return run_of(opened, room)


def decoded(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


def test_a_run_is_told_with_what_made_it(tmp_path):
    pixels = made_run(tmp_path / "one", count=2, side=32)
    told = contents(tmp_path / "one")
    assert (told["name"], told["size"], told["seed"]) == ("one", [32, 32], 0)
    assert (told["versions"], told["weights"], told["device"]) == ({"superpose": "0.1.0"}, {"net": "ab" * 32}, "cpu")
    assert [image["sample"] for image in told["images"]] == [0, 1]
    for image, want in zip(told["images"], pixels, strict=True):
        assert np.array_equal(decoded(image["picture"]), want)
        assert (image["own"], image["score"]) == ({}, None)
    assert [reading["scored"] for reading in told["readings"]] == [True] * 4
    assert told["scoredBy"] == ""


def test_scores_are_those_of_the_images(tmp_path):
    made_run(tmp_path / "one", count=2, side=32)
    scored(tmp_path / "one", [0.25, 0.75])
    told = contents(tmp_path / "one")
    assert told["scoredBy"] == "reader"
    assert [image["score"]["alignment"] for image in told["images"]] == [0.25, 0.75]


def test_maps_are_those_of_the_images_and_know_their_reading(tmp_path):
    made_run(tmp_path / "one", count=2, side=32)
    assert contents(tmp_path / "one")["words"] == contents(tmp_path / "one")["steps"] == []
    mapped(tmp_path / "one", count=1)
    told = contents(tmp_path / "one")
    assert told["words"] == [{"word": "cat", "reading": 0}, {"word": "house", "reading": 2}]
    assert told["steps"] == ["step 0", "step 1", "step 2"]
    first, second = (image["maps"] for image in told["images"])
    assert decoded(first).shape == (2 * 8, 3 * 8, 3)
    assert second is None
    assert all(image["maps"] is None for image in contents(tmp_path / "one", room=200)["images"])


def test_parts_are_pictures_of_their_own_and_the_whole_is_moved(tmp_path):
    made_run(tmp_path / "hybrid", HYBRID, 2, side=64)
    told = contents(tmp_path / "hybrid")
    moves = [reading["move"] is None for reading in told["readings"]]
    assert moves == [False, True, True]
    for image in told["images"]:
        assert set(image["own"]) == {"1", "2"}
        low, high = (decoded(url) for url in image["own"].values())
        assert low.std() < decoded(image["picture"]).std(), "the low part is a blur of the picture"
        assert not np.array_equal(low, high)


@pytest.mark.parametrize("room", [2**16, 2**18])
def test_pictures_stay_within_their_room(tmp_path, room):
    made_run(tmp_path / "noisy", HYBRID, 3, side=64, noise=True)
    told = contents(tmp_path / "noisy", room)
    taken = sum(
        len(base64.b64decode(url.partition(",")[2]))
        for image in told["images"]
        for url in (image["picture"], *image["own"].values())
    )
    assert 0 < taken <= room


@pytest.mark.parametrize("name", ["a.png", "it's a $HOME; rm -rf.png"])
def test_a_command_is_safe_to_paste(tmp_path, name):
    words = shlex.split(command_of(tmp_path / name, ["big file.ckpt", "x"]))
    assert words[:5] == ["superpose", "replay", str(tmp_path / name), "--out", "again"]
    assert words[5:] == ["--input", "big file.ckpt=PATH", "--input", "x=PATH"]
