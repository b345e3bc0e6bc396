"""`superpose schema`: printed, written, and compared with a file."""

from pathlib import Path

from superpose.cli import main

RECIPES = Path(__file__).parents[3] / "recipes"
SCHEMA = RECIPES / "superpose.schema.json"


def test_the_shipped_schema_is_up_to_date(capsys):
    assert main(["schema", "--shipped", "--check", str(SCHEMA)]) == 0, capsys.readouterr().out
    assert capsys.readouterr().out == ""


def test_a_stale_schema_is_one_line_with_the_cure(tmp_path, capsys):
    stale = tmp_path / "superpose.schema.json"
    stale.write_text("{}\n")
    assert main(["schema", "--check", str(stale)]) == 1
    assert capsys.readouterr().out == f"{stale} is stale; write it with: superpose schema --out {stale}\n"
    assert main(["schema", "--out", str(stale)]) == 0
    assert main(["schema", "--check", str(stale)]) == 0
    assert main(["schema", "--shipped", "--check", str(tmp_path / "none.json")]) == 1
    assert "is not there; write it with: superpose schema --shipped --out" in capsys.readouterr().out


def test_a_schema_that_cannot_be_written_is_one_line(tmp_path, capsys):
    assert main(["schema", "--out", str(tmp_path)]) == 2
    assert "cannot write" in capsys.readouterr().err
