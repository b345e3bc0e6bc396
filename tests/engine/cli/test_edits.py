"""`superpose edits`: a folder of pairs, made once, whose images are made again by what they hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from superpose.cli import main

RECIPE = """
prompt = "A"
model = {kind = "glyphs-ldm"}
scheduler = {kind = "ddim", steps = 2}
constraint = [{kind = "prompt-to-prompt", source = "A"}]
"""
EDITS = """
[[edit]]
before = "A"
after = "bold A"
instruction = "make it bold"

[[keep]]
loss = {kind = "distance"}
least = 0.0
"""


def test_pairs_are_made_once_and_can_be_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, edits, out = tmp_path / "pairs.toml", tmp_path / "edits.toml", tmp_path / "out"
    recipe.write_text(RECIPE, encoding="utf-8")
    edits.write_text(EDITS, encoding="utf-8")
    command = ["edits", str(recipe), str(edits), "--out", str(out), "--device", "cpu"]
    assert main([*command, "--samples", "1"]) == 0
    first = {path.name: path.read_bytes() for path in out.glob("0*.png")}
    assert sorted(first) == ["00000-after.png", "00000-before.png"]
    assert main([*command, "--samples", "2"]) == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(out / name) for name in ("edits.jsonl", "edits.png")] * 2
    assert "2 pairs" in said.err
    assert {name: (out / name).read_bytes() for name in first} == first
    listed = [json.loads(line) for line in (out / "edits.jsonl").read_text().splitlines()]
    assert [line["after"] for line in listed] == ["00000-after.png", "00001-after.png"]
    assert main(["replay", str(out / "00001-after.png"), "--out", str(tmp_path / "again"), "--device", "cpu"]) == 0
    (again,) = (tmp_path / "again").glob("*.png")
    assert again.read_bytes() == (out / "00001-after.png").read_bytes()
    assert main([*command, "--seed", "3"]) == 2
    assert "holds images of another recipe" in capsys.readouterr().err


def test_mistakes_are_told_before_anything_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, edits = tmp_path / "pairs.toml", tmp_path / "edits.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    edits.write_text("[[edit]]\nbefore = 3", encoding="utf-8")
    assert main(["edits", str(recipe), str(edits), "--out", str(tmp_path / "out")]) == 2
    assert "edits.toml:2:1: edit.0.before: expected text, got 3" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
