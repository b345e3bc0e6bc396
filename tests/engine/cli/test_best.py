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


WORD = """[model]
kind = "word"
letters = 2
[model.model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 3
eta = 1.0
[guidance]
kind = "cfg"
scale = 5.0
[[view]]
kind = "identity"
prompt = "{0}"
[[view]]
kind = "rotate"
degrees = 180
prompt = "{1}"
"""


def test_of_a_word_each_letter_is_chosen_by_itself(tmp_path, capsys):
    path, out = tmp_path / "word.toml", tmp_path / "out"
    path.write_text(WORD.format("ox", "xo"))
    said(capsys, "run", path, "--out", tmp_path / "all", "--samples", 3, "--device", "cpu")
    said(capsys, "run", path, "--out", out, "--best", 1, "--of", 3, "--device", "cpu")
    [best] = out.glob("0*.png")
    columns = read_origin(best).columns
    assert len(columns) == 2
    assert best.name == f"{columns[0]:04}.png"
    for column, number in enumerate(columns):
        box = (32 * column, 0, 32 * column + 32, 32)
        with Image.open(best) as image, Image.open(tmp_path / "all" / f"{number:04}.png") as drawn:
            assert image.crop(box).tobytes() == drawn.crop(box).tobytes(), column
    assert len(read_scores(out).drawn) == 3
    assert all(read_scores(out).images[best.name].right)
    assert f"of the samples {columns[0]}, {columns[1]}, from left to right" in said(capsys, "show", best).out
    again = said(capsys, "run", path, "--out", out, "--best", 1, "--of", 3, "--device", "cpu", "--resume").err
    assert "the best 1 of 3 samples are there already" in again


def test_letters_that_no_drawing_shows_are_named(tmp_path, capsys):
    path, out = tmp_path / "word.toml", tmp_path / "out"
    path.write_text(WORD.format("oe", "po"))
    told = said(capsys, "run", path, "--out", out, "--best", 1, "--of", 2, "--device", "cpu", code=2).err
    assert "of 16 drawings none is read right both ways of letter 2, 'e' and 'p'" in told
    assert not [*out.glob("*.png")], "nothing is drawn"
    path.write_text(WORD.format("oe", "po").replace("letters = 2", "letters = 2\nstrict = false"))
    told = said(capsys, "run", path, "--out", out, "--best", 1, "--of", 2, "--device", "cpu", code=1).err
    assert "none of 2 drawings is read right every way of letter 2, 'e' and 'p'" in told
    assert len([*out.glob("0*.png")]) == 2, "drawings that more could be added to are gone"


def test_what_a_population_weighs_whole_is_chosen_whole(tmp_path, capsys):
    path, out = tmp_path / "word.toml", tmp_path / "out"
    letter = '{kind = "glyphs-classifier"}'
    reader = f'classifier = {{kind = "word-reader", letters = 2, words = ["ox", "xo"], classifier = {letter}}}'
    path.write_text(f'{WORD.format("ox", "xo")}[population]\nkind = "best-of"\nsize = 2\n{reader}\n')
    told = said(capsys, "run", path, "--out", out, "--best", 1, "--of", 2, "--device", "cpu").err
    assert "population 'best-of' weighs whole images: they are chosen whole; leave it out" in told
    [best] = out.glob("0*.png")
    assert read_origin(best).columns == ()
    assert read_origin(best).lineage
    assert replay(best, tmp_path / "again", device="cpu").read_bytes() == best.read_bytes()
