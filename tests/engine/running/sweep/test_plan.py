"""Plans: each job once, its costs counted, and written as it is read."""

import subprocess
import sys

import pytest

import superpose
from made_sweeps import RECIPE, swept, written
from superpose import MistakesError
from superpose.running.sweep.plan import by_networks, planned, read_plan

SAMPLES = '[sweep]\nchunk = 2\n[sweep.axes]\n"run.samples" = [2, 3, 4]\n'


def test_every_point_is_a_job(tmp_path):
    plan = planned(swept(tmp_path))
    assert [job.points for job in plan.jobs] == [
        [{"prompt": prompt, "run.seed": seed}] for prompt in ("A", "V") for seed in (0, 1, 2)
    ]
    assert plan.axes == ["prompt", "run.seed"]
    assert (plan.samples, plan.threads, plan.rows) == (12, 1, 24)


def test_jobs_that_are_the_same_are_one(tmp_path):
    plan = planned(swept(tmp_path, SAMPLES))
    assert [(list(job.samples), len(job.points)) for job in plan.jobs] == [([0, 1], 3), ([2], 1), ([2, 3], 1)]


def test_the_costs_are_those_of_an_inspection(tmp_path):
    [job, *_] = planned(swept(tmp_path)).jobs
    cost = superpose.inspect(superpose.loads(job.recipe))
    assert (job.costs.total, job.rows) == (cost.total, 2 * cost.total)
    assert f"batch_size = {job.costs.rows}\n" in job.recipe
    assert job.costs.stages == [{"rows": 1, "evaluations": 2, "total": 2}]


def test_a_plan_is_read_as_it_was_written_and_not_written_again(tmp_path):
    plan = planned(swept(tmp_path))
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan
    before = (tmp_path / "sweep.jsonl").stat().st_ino
    plan.write(tmp_path)
    assert (tmp_path / "sweep.jsonl").stat().st_ino == before


@pytest.mark.parametrize("text", ["", "{}", '{"sweep": "a", "axes": [], "threads": 1}\n{"job": 1}', "[1"])
def test_what_is_no_plan_is_none(tmp_path, text):
    assert read_plan(tmp_path) is None
    (tmp_path / "sweep.jsonl").write_text(text)
    assert read_plan(tmp_path) is None


def test_costs_of_an_earlier_plan_are_taken_over_without_torch(tmp_path):
    plan = planned(swept(tmp_path))
    plan.write(tmp_path)
    script = (
        "import sys\nfrom pathlib import Path\nfrom superpose import load_sweep\n"
        "from superpose.running.sweep.plan import planned, read_plan\n"
        f"before = read_plan(Path({str(tmp_path)!r}))\n"
        f"assert planned(load_sweep({str(written(tmp_path))!r}), before) == before\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_contradiction_is_told_at_its_axis_with_the_first_point_that_has_it(tmp_path):
    axes = '[sweep.axes]\nprompt = ["A", "qqq"]\n"run.seed" = [0, 1]\n'
    with pytest.raises(MistakesError) as caught:
        planned(swept(tmp_path, axes))
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path}/letters.toml:15:16: prompt: "), line
    assert "(in 1 of 2 recipes; first with prompt = qqq, run.seed = 0)" in line


def test_a_recipe_of_several_files_is_told_to_be_an_axis(tmp_path):
    (tmp_path / "a.png").touch()
    text = RECIPE.replace('prompt = "A"', 'image = "*.png"')
    path = written(tmp_path, '[sweep.axes]\n"run.seed" = [0, 1]\n', text)
    with pytest.raises(MistakesError, match=r"\*\.png names several files: make an axis of them"):
        planned(superpose.load_sweep(path))


def test_jobs_of_the_same_networks_follow_each_other(tmp_path):
    axes = '[sweep.axes]\n"run.seed" = [0, 1]\n"model.kind" = ["mixture", "glyphs"]\n'
    plan = planned(swept(tmp_path, axes))
    assert [job.group for job in plan.jobs] == [0, 1, 0, 1]
    assert [job.group for job in by_networks(plan.jobs)] == [0, 0, 1, 1]
