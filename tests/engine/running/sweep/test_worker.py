"""The work of a job: the bytes of a plain run, a full disk told, and networks read once."""

import errno
import json

import pytest

import superpose
from made_sweeps import images_of, swept
from superpose.running.composition import compose_of
from superpose.running.record import read_record
from superpose.running.sweep import worker
from superpose.running.sweep.folder import SweepFolder
from superpose.running.sweep.plan import planned
from superpose.running.sweep.worker import Order, work


@pytest.fixture
def plan(tmp_path):
    return planned(swept(tmp_path, "[sweep]\nchunk = 2\n[sweep.axes]\n'run.samples' = [3]\n\"run.seed\" = [0, 1]\n"))


def order(job, out):
    return Order(str(out), job.job, job.recipe, job.samples, "cpu", job.costs.stages).to_json()


def test_a_job_has_the_bytes_of_a_plain_run_and_is_a_run_folder(plan, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for job in plan.jobs:
        assert json.loads(work(order(job, out)))["how"] == "made"
    assert json.loads(work(order(plan.jobs[0], out))) == {"how": "there"}
    recipe = superpose.loads(plan.jobs[0].recipe)
    whole = superpose.run(recipe, tmp_path / "whole")
    for job in plan.jobs[:2]:
        for sample in job.samples:
            assert (out / "jobs" / job.job / f"{sample:04}.png").read_bytes() == whole.images[sample].read_bytes()
    record = read_record(out / "jobs" / plan.jobs[0].job)
    assert record.made == 2
    assert record.run == read_record(tmp_path / "whole").run
    again = superpose.load(out / "jobs" / plan.jobs[0].job / "recipe.toml")
    assert again.run.batch_size == recipe.run.batch_size
    assert len(images_of(out)) == 6


def test_networks_are_read_once(plan, tmp_path, monkeypatch):
    loaded = []
    cls = type(superpose.loads(plan.jobs[0].recipe).model)
    real = cls.load
    monkeypatch.setattr(cls, "load", lambda self, *how: loaded.append(self) or real(self, *how))
    monkeypatch.setattr(worker, "_networks", None)
    (tmp_path / "out").mkdir()
    for job in plan.jobs:
        work(order(job, tmp_path / "out"))
    assert len(loaded) == 1


def test_networks_that_are_not_needed_are_let_go(plan):
    recipe = superpose.loads(plan.jobs[0].recipe)
    compose_of(recipe, worker._kept(recipe, "cpu"))
    assert worker._networks.kinds == {recipe.model}
    other = superpose.loads(plan.jobs[0].recipe, overrides=["run.dtype=bfloat16"])
    assert not worker._kept(other, "cpu").kinds
    compose_of(recipe, worker._kept(recipe, "cpu"))
    another = superpose.loads(plan.jobs[0].recipe, overrides=["model.kind=glyphs"])
    assert not worker._kept(another, "cpu").kinds


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_told_and_no_fault_of_the_job(plan, tmp_path, monkeypatch, number):
    (tmp_path / "out").mkdir()

    def full(self, *_):
        raise superpose.RunError("cannot write") from OSError(number, "full")

    monkeypatch.setattr(SweepFolder, "publish", full)
    assert json.loads(work(order(plan.jobs[0], tmp_path / "out"))) == {"disk": "cannot write"}
    assert images_of(tmp_path / "out") == {}


def test_any_other_error_is_the_jobs_own(plan, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()

    def broken(self, *_):
        raise superpose.RunError("cannot write") from OSError(errno.EACCES, "no")

    monkeypatch.setattr(SweepFolder, "publish", broken)
    with pytest.raises(superpose.RunError):
        work(order(plan.jobs[0], tmp_path / "out"))
