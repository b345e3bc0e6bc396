"""`superpose replay`: the same bytes under the same name, or the reason why not."""

from pathlib import Path

from superpose.cli import main

ROOT = Path(__file__).parents[3]
QUICK = ["--set", "scheduler.steps=3", "--samples", "2"]


def test_replay_makes_the_same_bytes_under_the_same_name(tmp_path, capsys):
    assert main(["run", str(ROOT / "recipes/inpaint.toml"), "--out", str(tmp_path / "one"), *QUICK]) == 0
    moved = tmp_path / "elsewhere" / "0001.png"
    moved.parent.mkdir()
    (tmp_path / "one" / "0001.png").rename(moved)
    assert main(["replay", str(moved), "--out", str(tmp_path / "two")]) == 0
    assert (tmp_path / "two" / "0001.png").read_bytes() == moved.read_bytes()
    assert "the same bytes" in capsys.readouterr().err
