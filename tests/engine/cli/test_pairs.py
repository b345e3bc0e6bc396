"""`superpose pairs`: a search that goes on, and mistakes that are told before it begins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from superpose import (
    RecipeError,
)
from superpose.cli import main
from superpose.cli.pairs import _words as words
from superpose_glyphs.model import EMBEDDED
from superpose_glyphs.vocabulary import GLYPHS


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


def test_a_classifier_of_ones_own_weights_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "made"
    shutil.copytree(EMBEDDED / "glyphs-classifier", made)
    weights = load_file(made / "model.safetensors")
    # Whatever it sees, it is sure of a p.
    weights["linear_out.bias"][list(GLYPHS).index("p")] += 1e4
    save_file(weights, made / "model.safetensors")
    options = ["pairs", "glyphs", "--classifier", "glyphs-classifier", "--view", "rotate:180", "--words", "p,d"]
    numbers = ["--steps", "2", "--samples", "2", "--best", "0", "--itself", "--out", str(tmp_path / "out")]
    assert main([*options, *numbers, "--option", f"path={made}"]) == 0
    listed = json.loads((tmp_path / "out" / "pairs.json").read_text())
    assert listed["option"] == [f"path={made}"]
    assert {(pair["first"], pair["second"]): pair["both_right"] for pair in listed["pairs"]} == {
        ("p", "p"): 2,
        ("p", "d"): 0,
        ("d", "d"): 0,
    }
    assert main([*options, *numbers]) == 1
    assert "is of another search, whose weights was" in capsys.readouterr().err


def test_a_search_with_other_options_of_its_classifier_does_not_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = tmp_path / "same"
    shutil.copytree(EMBEDDED / "glyphs-classifier", same)
    options = ["pairs", "glyphs", "--classifier", "glyphs-classifier", "--view", "rotate:180", "--words", "p,d"]
    options += ["--steps", "1", "--samples", "1", "--best", "0"]
    asked = {"plain": [], "optioned": ["--option", f"path={same}"]}
    for name, option in asked.items():
        assert main([*options, *option, "--out", str(tmp_path / name)]) == 0
    capsys.readouterr()
    for name, option in asked.items():
        other = [one for one in asked.values() if one != option]
        assert main([*options, *other[0], "--out", str(tmp_path / name)]) == 1
        assert "is of another search, whose option was" in capsys.readouterr().err


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
        (["--option", "path"], "--option path: write KEY=VALUE"),
        (["--option", "file=x"], "classifier 'glyphs-classifier' has no such option; its options: path"),
        (["--classifier", "clip-reader"], "classifier 'clip-reader' must be given path ("),
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
