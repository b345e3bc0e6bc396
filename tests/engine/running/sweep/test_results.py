"""Tables of a sweep: a row for each image of each point, with scores where there are any."""

import csv
import hashlib
import json

import pytest

from superpose.errors import RecipeError
from superpose.running.sweep.folder import JobRecord, SweepFolder
from superpose.running.sweep.plan import Costs, PlannedJob, SweepPlan
from superpose.running.sweep.results import rows_of, write_parquet, write_results
from superpose.search.scores import Score, Scores


@pytest.fixture
def made(tmp_path):
    """A plan of two jobs, the first of two points and done."""
    folder = SweepFolder(tmp_path)
    contents = {"0000.png": b"one", "0003.png": b"two"}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    with folder.draft("a") as draft:
        for name, content in contents.items():
            (draft / name).write_bytes(content)
        folder.publish(draft, JobRecord("a", digests, [0, 3], 3.0, "cpu", "here:1"))
    points = [{"prompt": "A, B", "guidance": {"kind": "cfg"}}, {"prompt": "C", "guidance": 2}]
    jobs = [
        PlannedJob("a", [0, 3], points, "", 0, Costs(1, 1, [])),
        PlannedJob("b", [0], points, "", 0, Costs(1, 1, [])),
    ]
    return folder, SweepPlan("r.toml", ["prompt", "guidance"], jobs)


def test_there_is_a_row_for_each_image_of_each_point(made, tmp_path):
    folder, plan = made
    rows = list(rows_of(folder, plan))
    assert [(row.values["prompt"], row.sample, row.image) for row in rows] == [
        ("A, B", 0, "jobs/a/0000.png"),
        ("A, B", 3, "jobs/a/0003.png"),
        ("C", 0, "jobs/a/0000.png"),
        ("C", 3, "jobs/a/0003.png"),
    ]
    lines, table = write_results(folder, plan)
    read = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [line["values"] for line in read] == [row.values for row in rows]
    assert {line["seconds"] for line in read} == {1.5}
    cells = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["prompt"], row["guidance"], row["sample"]) for row in cells[1:3]] == [
        ("A, B", '{"kind": "cfg"}', "3"),
        ("C", "2", "0"),
    ]


def test_scores_of_a_job_are_columns(made):
    folder, plan = made
    digests = folder.finished("a").images
    scores = {
        "0000.png": Score(0.5, 0.25, (True, True), (0.5, 0.9)),
        "0003.png": Score(0.1, 0.1, (False, True), (0.1, 0.9)),
    }
    Scores("reads", {}, {}, ("A", "B"), scores, digests).write(folder.job("a"))
    rows = list(rows_of(folder, plan))
    assert rows[0].scores == {"alignment": 0.5, "concealment": 0.25, "right": True}
    assert rows[1].cells["right"] is False
    assert folder.finished("a") is not None


def test_parquet_has_the_rows_of_the_table(made):
    parquet = pytest.importorskip("pyarrow.parquet")
    folder, plan = made
    found = parquet.read_table(write_parquet(folder, plan)).to_pylist()
    assert [(row["prompt"], row["guidance"], row["sample"], row["seconds"]) for row in found[1:3]] == [
        ("A, B", '{"kind": "cfg"}', 3, 1.5),
        ("C", "2", 0, 1.5),
    ]


def test_parquet_without_pyarrow_says_what_to_install(made, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(RecipeError, match=r"superpose\[parquet\]"):
        write_parquet(*made)
