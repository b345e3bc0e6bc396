"""`superpose score` and `superpose run --best K --of N`, on the embedded models."""

import numpy as np
from PIL import Image

from superpose import load, run
from superpose.cli import main
from superpose.media.sheet import RIGHT, WRONG
from superpose.search.scores import read_scores


def said(capsys, *arguments, code=0):
    assert main([str(argument) for argument in arguments]) == code
    return capsys.readouterr()


def has(path, colour):
    with Image.open(path) as image:
        return bool((np.asarray(image.convert("RGB")) == colour).all(-1).any())


def test_scores_lie_beside_the_images_and_are_on_the_sheet(anagram, tmp_path, capsys):
    out = tmp_path / "out"
    outcome = run(load(anagram, ["run.samples=3"]), out, device="cpu")
    images = {path.name: path.read_bytes() for path in outcome.images}
    assert not has(outcome.sheet, RIGHT)
    lines = said(capsys, "score", out).out.splitlines()
    assert lines[:3] == [str(out / "scores.json"), str(out / "sheet.png"), "read by glyphs-classifier, 3 samples"]
    assert lines[5].endswith("read as 'A'")
    assert lines[7].endswith("read right every way")
    scores = read_scores(out)
    assert list(scores.images) == list(images)
    assert has(outcome.sheet, RIGHT) == any(right for score in scores.images.values() for right in score.right)
    assert has(outcome.sheet, WRONG) == any(not right for score in scores.images.values() for right in score.right)
    assert {name: (out / name).read_bytes() for name in images} == images


def test_folders_that_hold_no_run(anagram, tmp_path, capsys):
    assert "no images of a run are in it" in said(capsys, "score", tmp_path, code=2).err
    for seed in (0, 1):
        run(load(anagram, [f"run.seed={seed}", "run.samples=1"]), tmp_path / str(seed), device="cpu")
    (tmp_path / "1" / "0000.png").rename(tmp_path / "0" / "0001.png")
    assert "0000.png and 0001.png were not made by one run" in said(capsys, "score", tmp_path / "0", code=2).err


def test_images_of_many_files_are_scored_as_one_run(many_files, capsys):
    before = np.asarray(Image.open(many_files / "sheet.png"))
    lines = said(capsys, "score", many_files).out.splitlines()
    sheet = str(many_files / "sheet.png")
    assert lines[:3] == [str(many_files / "scores.json"), sheet, "read by glyphs-classifier, 3 samples"]
    assert list(read_scores(many_files).images) == ["cat.png", "dog.png", "emu.png"]
    assert not np.array_equal(before, np.asarray(Image.open(sheet)))
    assert has(sheet, RIGHT) or has(sheet, WRONG)
    assert said(capsys, "gallery", many_files).out == f"{many_files / 'gallery.html'}\n"
    page = (many_files / "gallery.html").read_text()
    assert page.count('"alignment":') == 3
    assert "in/*.png" in page, "the recipe names all files"
