"""`superpose pairs`: a search that goes on, and mistakes that are told before it begins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from superpose import (
    RecipeError,
)
from superpose.cli import main
from superpose.cli.pairs import _words as words


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["pairs", "glyphs", "--classifier", "glyphs-classifier", "--out", str(tmp_path)]
    numbers = ["--steps", "2", "--samples", "1", "--best", "1", "--more-steps", "2", "--more-samples", "2"]
    assert main([*options, "--view", "rotate:180", "--words", "p,d,x", *numbers]) == 0
    assert [Path(line).name for line in capsys.readouterr().out.split()] == ["pairs.csv", "pairs.json", "pairs.png"]
    listed = json.loads((tmp_path / "pairs.json").read_text())
    assert len(listed["pairs"]) == 3
    assert set(listed["weights"]) == {"glyphs", "glyphs-classifier"}
    before = (tmp_path / "pairs.jsonl").read_text()
    assert main([*options, "--view", "rotate:180", "--words", "p,d,x", *numbers]) == 0
    assert (tmp_path / "pairs.jsonl").read_text() == before


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (["--words", "p"], "--words: 'p' gives 1 words"),
        (["--words", "p,pp"], "unknown prompt 'pp'"),
        (["--view", "rotate:450"], "--view: must be less than 360, got 450"),
        (["--view", "rotate:half"], "--view: degrees of 'rotate' is a whole number or a number, got 'half'"),
        (["--view", "identity:3"], "--view: 'identity' has no option: leave out '3'"),
        (["--view", "pieces"], "--view: "),
        (["--samples", "0"], "--samples: must be at least 1, got 0"),
        (["--more-steps", "0"], "--more-steps: must be at least 1, got 0"),
        (["--best", "-1"], "--best: must be at least 0, got -1"),
        (["--scale", "nan"], "--scale: must be finite, got nan"),
        (["--words", str(Path(__file__).parent)], "gives 1 words"),
        (["--view", "rotat:180"], "did you mean 'rotate'"),
        (["--classifier", "pictograms-classifier"], "reads images of (3, 64, 64), not of (3, 32, 32)"),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(
    wrong: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["pairs", "glyphs", "--classifier", "glyphs-classifier", "--view", "rotate:180", "--words", "p,d"]
    assert main([*options, "--out", str(tmp_path / "out"), *wrong]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_words_are_lines_of_a_file_too_each_once(tmp_path: Path) -> None:
    listed = tmp_path / "words.txt"
    listed.write_text("p\n\n d \np\n", encoding="utf-8")
    assert words(str(listed)) == ["p", "d"]
    listed.write_bytes(b"caf\xe9\np")
    with pytest.raises(RecipeError, match=r"words\.txt is not text in UTF-8"):
        words(str(listed))
    assert words(" p , d,p,") == ["p", "d"]


def test_a_kind_that_must_be_told_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--classifier", "glyphs-classifier", "--view", "rotate:180", "--words", "p,d", "--out", str(tmp_path)]
    assert main(["pairs", "ddpm", *options]) == 2
    assert "MODEL: " in capsys.readouterr().err
