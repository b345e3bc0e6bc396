"""superpose sweep: what it prints, what it leaves, and that it goes on where it was."""

import pytest

from made_sweeps import images_of, left_over, written
from superpose.cli import main
from superpose.running.job import Job


@pytest.fixture
def swept(tmp_path, capsys, monkeypatch):
    """Run the command on the sweep of letters; gives its exit code and what it has printed."""
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path)

    def swept(*arguments, axes=None):
        if axes:
            written(tmp_path, axes)
        code = main(["sweep", str(path), *arguments])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return swept


def test_it_makes_all_and_then_nothing(swept, tmp_path):
    code, printed, told = swept("--executor", "inline")
    out = tmp_path / "runs" / "letters"
    assert (code, printed) == (0, [f"runs/letters/{name}" for name in ("xy.png", "results.jsonl", "results.csv")])
    assert "6 of 6 jobs made in" in told
    before = images_of(out)
    assert len(before) == 12
    assert left_over(out) == []
    code, printed, told = swept()
    assert (code, printed) == (0, ["runs/letters/results.jsonl", "runs/letters/results.csv"])
    assert "0 of 6 jobs made in 0.0 s of sampling, 6 were there already" in told
    assert images_of(out) == before


def test_a_plan_and_a_status_make_nothing(swept, tmp_path):
    code, lines, _ = swept("--plan")
    assert code == 0
    assert lines[0].split("  ")[1:] == ["samples 0-1", 'prompt = "A", run.seed = 0']
    assert lines[6:] == [
        "6 jobs: 12 samples, 24 network rows",
        "0 done, 6 to do",
        "time: not known before a job is done; superpose sweep RECIPE --limit 1 does one",
    ]
    assert not (tmp_path / "runs").exists()
    swept("--executor", "inline", "--limit", "1")
    _, lines, _ = swept("--status")
    assert lines[:2] == ["6 jobs: 12 samples, 24 network rows", "1 done, 5 to do"]
    assert lines[2].startswith("time: about ")
    assert lines[2].endswith(" ms a row")


def test_check_tells_what_a_sweep_costs(swept, tmp_path, capsys):
    assert main(["check", str(tmp_path / "letters.toml")]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{tmp_path}/letters.toml: a sweep over prompt (2), run.seed (3)",
        "6 jobs: 12 samples, 24 network rows",
    ]


def test_check_tells_every_mistake_at_its_line(swept, tmp_path, capsys):
    path = written(tmp_path, '[sweep.axes]\nprompt = ["A", "qqq"]\n"run.seed" = [0, -1]\n')
    assert main(["check", str(path)]) == 2
    assert "letters.toml:16:18: run.seed: must be at least 0, got -1" in capsys.readouterr().err


def test_run_says_what_to_write_instead(tmp_path, capsys):
    assert main(["run", str(written(tmp_path))]) == 2
    told = capsys.readouterr().err
    assert "letters.toml:15:1: sweep: this is many recipes in one: superpose sweep makes them all" in told


def test_failed_jobs_are_a_table_and_exit_1(swept, monkeypatch):
    real = Job.make

    def poisoned(self, samples, observers=()):
        if self.recipe.run.seed == 1:
            raise ValueError("poison")
        return real(self, samples, observers)

    monkeypatch.setattr(Job, "make", poisoned)
    code, _, told = swept("--executor", "inline", "--set", "sweep.retries=0")
    assert code == 1
    assert "2 jobs have failed; failed/JOB.json has the traceback of each:" in told
    assert 'prompt = "A", run.seed = 1: ValueError: poison' in told
    assert "4 of 6 jobs made" in told
    _, lines, _ = swept("--status")
    assert "4 done, 2 failed, 0 to do" in lines
    assert [line.partition(": ")[2][18:] for line in lines if line.startswith("failed")] == ["ValueError: poison"] * 2


def test_pages_and_tables_that_are_asked_for(swept, tmp_path):
    pytest.importorskip("pyarrow")
    swept("--executor", "inline", "--limit", "2")
    code, printed, told = swept("--executor", "inline", "--limit", "1", "--xy", "prompt", "--gallery", "--parquet")
    assert (code, [line.rpartition("/")[2] for line in printed]) == (
        0,
        ["xy.png", "results.parquet", "gallery.html", "results.jsonl", "results.csv"],
    )
    assert "and 2 more pages, one for each value of the other axes" in told
    page = (tmp_path / "runs" / "letters" / "gallery.html").read_text()
    assert "prompt = \\u0022A\\u0022, run.seed = 0" in page or 'prompt = \\"A\\", run.seed = 0' in page


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--limit", "0"], "--limit: must be at least 1, got 0"),
        (["--xy", "seed"], "--xy: 'seed' is no axis"),
        (["--executor", "inlin"], "no such executor 'inlin'; did you mean 'inline'"),
        (["--executor", "inline:3"], "--executor: 'inline' has no option: leave out '3'"),
        (["--executor", "processes:two"], "--executor: workers of 'processes' is a whole number, got 'two'"),
        (["--seed", "3"], "--set run.seed=3: is an axis, which would change it again: set sweep.axes"),
    ],
)
def test_what_is_wrong_is_told(swept, arguments, told):
    code, printed, said = swept(*arguments)
    assert (code, printed) == (2, [])
    assert told in said
