"""A sweep from its recipe to its tables: what is there is not made again, and all is as in plain runs."""

import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image

import superpose
from made_sweeps import images_of, left_over, swept, written
from superpose.running.executor import Needs
from superpose.running.job import Job
from superpose.running.sweep.folder import SweepFolder
from superpose.running.sweep.sweeping import default_executor, seconds_a_row, status_of, sweep

INLINE = superpose.make("executor", "inline")


@pytest.fixture
def made(tmp_path):
    outcome = sweep(swept(tmp_path), tmp_path / "out", executor=INLINE)
    assert (outcome.tally.made, outcome.tally.failed) == (6, {})
    return tmp_path / "out"


def test_every_image_is_that_of_a_plain_run(made, tmp_path):
    plain = written(tmp_path, axes="", name="plain.toml")
    for job in status_of(made).plan.jobs:
        sets = [f"{key}={value}" for key, value in job.points[0].items()]
        whole = superpose.run(superpose.load(plain, sets), tmp_path / job.job)
        for sample, path in enumerate(whole.images):
            assert (made / "jobs" / job.job / f"{sample:04}.png").read_bytes() == path.read_bytes()


def test_nothing_else_is_left(made):
    assert left_over(made) == []
    assert len(images_of(made)) == 12
    assert len((made / "results.csv").read_text().splitlines()) == 13


def test_a_second_start_makes_nothing_without_torch(made, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in made.glob("jobs/*/*")}
    script = (
        "import sys\nfrom superpose import load_sweep\nfrom superpose.running.sweep.sweeping import sweep\n"
        f"tally = sweep(load_sweep({str(written(tmp_path))!r}), {str(made)!r}).tally\n"
        "assert (tally.there, tally.made) == (6, 0), tally\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert {path: path.stat().st_mtime_ns for path in made.glob("jobs/*/*")} == before


def test_what_is_missing_or_damaged_is_made_and_nothing_else(made, tmp_path):
    before = images_of(made)
    jobs = sorted((made / "jobs").iterdir())
    shutil.rmtree(jobs[0])
    (jobs[1] / "0001.png").write_bytes(b"cut")
    outcome = sweep(swept(tmp_path), made, executor=INLINE)
    assert (outcome.tally.there, outcome.tally.made) == (4, 2)
    assert images_of(made) == before


def test_every_image_is_read_on_request(made, tmp_path):
    [image, *_] = sorted(made.glob("jobs/*/0000.png"))
    about, content = image.stat(), image.read_bytes()
    image.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(image, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert sweep(swept(tmp_path), made, executor=INLINE).tally.made == 0
    assert sweep(swept(tmp_path), made, executor=INLINE, verify=True).tally.made == 1
    assert image.read_bytes() == content


def test_collected_jobs_are_the_same_files(tmp_path):
    with Image.new("RGB", (32, 32)) as image:
        image.save(tmp_path / "start.png")
    axes = '[[constraint]]\nkind = "sdedit"\nimage = "start.png"\nstrength = 0.5\n[sweep.axes]\n"run.seed" = [0, 1]\n'
    for collect in (False, True):
        tally = sweep(swept(tmp_path, axes), tmp_path / str(collect), executor=INLINE, collect=collect).tally
        assert (tally.made, tally.stopped) == (2, "")
    assert images_of(tmp_path / "True") == images_of(tmp_path / "False")
    assert left_over(tmp_path / "True") == []
    for recipe in (tmp_path / "True").glob("jobs/*/recipe.toml"):
        assert recipe.read_bytes() == (tmp_path / "False" / recipe.relative_to(tmp_path / "True")).read_bytes()
        superpose.inspect(superpose.load(recipe))  # which finds its picture from there


def test_a_collected_job_that_can_not_be_written_ends_the_sweep(tmp_path, monkeypatch):
    def full(self, name, files):
        raise superpose.RunError("cannot write: No space left on device")

    monkeypatch.setattr(SweepFolder, "take", full)
    tally = sweep(swept(tmp_path), tmp_path / "out", executor=INLINE, collect=True).tally
    assert (tally.made, tally.failed, tally.stopped) == (0, {}, "cannot write: No space left on device")


def test_another_value_of_an_axis_makes_its_jobs_alone(made, tmp_path):
    axes = '[sweep.axes]\nprompt = ["A", "V", "W"]\n"run.seed" = {range = [0, 3]}\n'
    tally = sweep(swept(tmp_path, axes), made, executor=INLINE).tally
    assert (tally.there, tally.made) == (6, 3)


def test_a_limit_is_kept_and_the_next_call_goes_on(tmp_path):
    first = sweep(swept(tmp_path), tmp_path / "out", executor=INLINE, limit=2).tally
    assert (first.made, first.left) == (2, 4)
    status = status_of(tmp_path / "out")
    assert (len(status.done), len(status.plan.jobs)) == (2, 6)
    assert seconds_a_row(status) > 0
    assert sweep(swept(tmp_path), tmp_path / "out", executor=INLINE).tally.made == 4


def test_a_job_that_fails_is_noted_and_the_others_are_made(tmp_path, monkeypatch):
    real = Job.make
    axes = '[sweep]\nretries = 1\n[sweep.axes]\n"run.seed" = [0, 1, 2]\n'

    def poisoned(self, samples, observers=()):
        if self.recipe.run.seed == 1:
            raise ValueError("poison")
        return real(self, samples, observers)

    monkeypatch.setattr(Job, "make", poisoned)
    tally = sweep(
        swept(tmp_path, '[sweep]\nretries = 1\n[sweep.axes]\n"run.seed" = [0, 1, 2]\n'),
        tmp_path / "out",
        executor=INLINE,
    ).tally
    assert tally.made == 2
    assert list(tally.failed.values()) == ["ValueError: poison"]
    status = status_of(tmp_path / "out")
    [noted] = status.failed.values()
    assert "in poisoned" in noted["error"]
    assert noted["tries"] == 2
    monkeypatch.undo()
    assert sweep(swept(tmp_path, axes), tmp_path / "out", executor=INLINE).tally.made == 1
    assert not (tmp_path / "out" / "failed").exists()


def test_time_is_told_by_a_plain_run_where_no_job_is_done(tmp_path):
    plain = written(tmp_path, axes="", name="plain.toml")
    superpose.run(superpose.load(plain), tmp_path / "out")
    sweep(swept(tmp_path), tmp_path / "swept", executor=INLINE, limit=1)
    shutil.rmtree(tmp_path / "swept" / "jobs")
    status = status_of(tmp_path / "swept")
    assert seconds_a_row(status) is None
    assert seconds_a_row(status, tmp_path / "out") > 0


def test_a_folder_without_a_sweep_is_told(tmp_path):
    with pytest.raises(superpose.RecipeError, match="no sweep was begun in it"):
        status_of(tmp_path)


def test_an_executor_for_this_machine_is_taken():
    assert default_executor(Needs(device="cpu")).kind in ("inline", "processes")
