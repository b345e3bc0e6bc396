"""`superpose run --best K --of N`: the best are kept, and say of how many."""

import json

import pytest
from PIL import Image

from folders import contents
from superpose import replay
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.running.record import read_record
from superpose.search.scores import read_scores


def said(capsys, *arguments, code=0):
    assert main([str(argument) for argument in arguments]) == code
    return capsys.readouterr()


def test_the_best_are_kept_and_say_of_how_many(anagram, tmp_path, capsys):
    out = tmp_path / "out"
    printed = said(capsys, "run", anagram, "--out", out, "--best", 2, "--of", 5, "--device", "cpu").out.splitlines()
    scores, record = read_scores(out), read_record(out)
    assert [line for line in printed if line.endswith(".png")] == [
        *(str(out / name) for name in scores.images),
        str(out / "sheet.png"),
    ]
    assert sorted(contents(out)) == sorted([*scores.images, "recipe.toml", "scores.json", "sheet.png"])
    ranks = [score.rank for score in scores.images.values()]
    assert ranks == sorted((score.rank for score in scores.drawn), reverse=True)[:2]
    assert (record.drawn, len(record.samples), record.made, scores.summary["samples"]) == (5, 2, 5, 5)
    best = out / next(iter(scores.images))
    assert read_origin(best).drawn == 5
    assert replay(best, tmp_path / "again", device="cpu").read_bytes() == best.read_bytes()
    before = contents(out)
    resumed = said(capsys, "run", anagram, "--out", out, "--best", 2, "--of", 5, "--device", "cpu", "--resume")
    assert "the best 2 of 5 samples are there already" in resumed.err
    said(capsys, "score", out)
    assert read_scores(out).summary == scores.summary, "scoring the best again told of them as if of all"
    assert {name: data for name, data in contents(out).items() if name != "sheet.png"} == {
        name: data for name, data in before.items() if name != "sheet.png"
    }
    (out / "scores.json").unlink()
    assert "these are the best of 5 samples" in said(capsys, "score", out).err


def test_a_choice_has_the_pixels_of_the_plain_run(anagram, tmp_path, capsys):
    said(capsys, "run", anagram, "--out", tmp_path / "best", "--best", 1, "--of", 2, "--device", "cpu")
    [name] = json.loads((tmp_path / "best" / "run.json").read_text())["images"]
    said(capsys, "run", anagram, "--out", tmp_path / "all", "--samples", 2, "--device", "cpu")
    with Image.open(tmp_path / "best" / name) as one, Image.open(tmp_path / "all" / name) as two:
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--best", "2"], "--best K and --of N belong together"),
        (["--of", "2"], "--best K and --of N belong together"),
        (["--best", "3", "--of", "2"], "the best of N samples are from 1 to N"),
        (["--best", "1", "--of", "2", "--samples", "3"], "--of N says how many samples are drawn"),
        (["--classifier", "glyphs-classifier"], "reads the samples of --best K --of N"),
        (["--best", "1", "--of", "2", "--classifier", "glyph-classifier"], "did you mean 'glyphs-classifier'"),
        (["--best", "1", "--of", "2", "--classifier", "glyphs-classifier", "--option", "x=1"], "classifier 'glyphs-cl"),
        (["--best", "1", "--of", "2", "--option", "path=1"], "of which classifier? name it with --classifier"),
        (["--best", "1", "--of", "2", "--classifier", "pictograms-classifier"], "classifier 'pictograms-classifier': "),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(given, why, anagram, tmp_path, capsys):
    assert why in said(capsys, "run", anagram, "--out", tmp_path / "out", *given, code=2).err
    assert not (tmp_path / "out").exists()
