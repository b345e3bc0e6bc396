"""Films along an axis of a sweep: frames in the order of the axis and back, to the pixel."""

import json

import numpy as np
import pytest
from PIL import Image

from films import opened
from superpose import Pace, RecipeError
from superpose.cli import main
from superpose.running.axis_films import axis_films


@pytest.fixture
def folder(tmp_path):
    """A sweep of two axes: grey images, darker with each value."""
    rows = []
    for seed in (0, 1):
        for number, mix in enumerate((0, 0.5, 1.0)):
            name = f"{seed}-{number}.png"
            Image.fromarray(np.full((8, 8, 3), 200 - 50 * number - seed, np.uint8)).save(tmp_path / name)
            rows.append({"values": {"run.seed": seed, "interpolate.mix": mix}, "sample": 0, "image": name})
    (tmp_path / "results.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return tmp_path


def test_each_combination_of_the_others_is_a_film_there_and_back(folder):
    films = axis_films(folder, "interpolate.mix")
    assert [film.name for film in films] == ["0000-0", "0000-1"]
    path = films[1].write(folder / "film.webp", size=16, pace=Pace(fps=10, move=0.8, rest=0.6))
    frames, durations = opened(path)
    assert [int(frame[0, 0, 0]) for frame in frames] == [199, 149, 99, 149]
    assert all(frame.shape == (16, 16, 3) and (frame == frame[0, 0]).all() for frame in frames)
    assert durations == [600, 400, 600, 400]


def test_axes_that_change_together_are_one_way(folder):
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    for line in lines:
        line["values"]["constraint.0.mix"] = line["values"]["interpolate.mix"] / 2
    (folder / "results.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert [len(film.frames) for film in axis_films(folder, "interpolate.mix")] == [3, 3]


def test_the_command_writes_them_and_says_what_is_wrong(folder, capsys):
    command = ["animate", str(folder), "--axis", "interpolate.mix", "--size", "16"]
    assert main([*command, "--out", str(folder / "films"), "--captions"]) == 0
    assert capsys.readouterr().out.split() == [str(folder / "films" / f"0000-{i}.gif") for i in (0, 1)]
    assert opened(folder / "films" / "0000-0.gif")[0][0].shape[0] > 16  # the caption is below
    for more, wrong in (
        (["--out", "one.gif"], "has 2 samples to animate"),
        (["--out", str(folder / "films")], "is there already"),
        (["--axis", "interpolate.mx"], "did you mean 'interpolate.mix'"),
    ):
        assert main([*command, *more]) == 2
        assert wrong in capsys.readouterr().err


def test_what_is_no_sweep_is_refused(tmp_path, folder):
    (folder / "empty").mkdir()
    for text, wrong in ((None, "no results.jsonl is in it"), ("", "has made no image"), ("{", "not JSON")):
        if text is not None:
            (folder / "empty" / "results.jsonl").write_text(text)
        with pytest.raises(RecipeError, match=wrong):
            axis_films(folder / "empty", "x")
    row = {"values": {"x": 1}, "sample": 0, "image": "0-0.png"}
    (folder / "empty" / "results.jsonl").write_text(json.dumps(row))
    with pytest.raises(RecipeError, match="there is nothing to animate"):
        axis_films(folder / "empty", "x")
