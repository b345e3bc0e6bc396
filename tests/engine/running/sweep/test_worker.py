"""The work of a job: the bytes of a plain run, a full disk told, and networks read once."""

import errno
import json
import tempfile
from base64 import b64decode

import pytest
from PIL import Image

import superpose
from made_sweeps import images_of, swept, written
from superpose import load_sweep
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


def test_a_job_that_is_collected_needs_no_folder_and_leaves_none(plan, tmp_path, monkeypatch):
    job, out = plan.jobs[0], tmp_path / "out"
    out.mkdir()
    work(order(job, out))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "local"))
    (tmp_path / "local").mkdir()
    far = Order(str(tmp_path / "elsewhere"), job.job, job.recipe, job.samples, "cpu", job.costs.stages, collect=True)
    report = json.loads(work(far.to_json()))
    here = SweepFolder(tmp_path / "here")
    how, _ = here.take(job.job, {name: b64decode(content) for name, content in report["files"].items()})
    assert how == "made"
    assert here.finished(job.job) is not None
    assert images_of(tmp_path / "here") == images_of(out)
    assert not (tmp_path / "elsewhere").exists()
    assert list((tmp_path / "local").iterdir()) == []


INVERTED = """
    prompt = "A"
    model = {kind = "glyphs"}
    scheduler = {kind = "ddim", steps = 3}
    guidance = {kind = "cfg", scale = 2.0}
    run = {samples = 1, threads = 1, batch_size = 4}

    [[constraint]]
    kind = "inversion"
    image = "letter.png"
"""


@pytest.mark.parametrize(
    ("axes", "inversions"),
    [
        ('"run.seed" = [0, 1, 2]', 1),
        ('"guidance.scale" = [1.0, 3.0]', 2),
        ("'constraint.0.prompt' = ['A']\n\"guidance.scale\" = [1.0, 3.0]\nprompt = ['A', 'V']", 1),
        ('"scheduler.steps" = [2, 3]\n"run.seed" = [0, 1]', 2),
        ('"constraint.0.image" = ["letter.png", "other.png"]\n"run.seed" = [0, 1]', 2),
    ],
)
def test_jobs_share_an_inversion_just_where_it_is_the_same(axes, inversions, tmp_path, monkeypatch):
    for shade, name in enumerate(("letter.png", "other.png")):
        Image.new("RGB", (32, 32), (40 * shade, 90, 160)).save(tmp_path / name)
    jobs = planned(load_sweep(written(tmp_path, f"[sweep.axes]\n{axes}\n", INVERTED))).jobs
    found, real = [], superpose.invert
    monkeypatch.setattr(superpose, "invert", lambda *of, **how: found.append(of) or real(*of, **how))
    monkeypatch.setattr(worker, "_networks", None)
    (tmp_path / "out").mkdir()
    for job in jobs:
        work(order(job, tmp_path / "out"))
    assert len(found) == inversions
    for job in jobs:
        monkeypatch.setattr(worker, "_networks", None)
        alone = tmp_path / f"alone-{job.job}"
        alone.mkdir()
        work(order(job, alone))
        assert images_of(alone) == {
            name: content for name, content in images_of(tmp_path / "out").items() if job.job in name
        }
