"""The driver: lost jobs are tried again, failing ones are set aside, and it ends when it is told to."""

import json
import os
import signal
from collections import deque

import attrs
import pytest

from superpose.recipe import SweepOptions
from superpose.running.executor import Pool, Result
from superpose.running.sweep.driver import Driver, interrupts
from superpose.running.sweep.folder import SweepFolder
from superpose.running.sweep.plan import Costs, PlannedJob
from superpose.running.sweep.tally import Tally

MADE = json.dumps({"how": "made", "seconds": 1.0})


class Scripted(Pool):
    """A pool whose results are decided by a function of the task and how often it was tried."""

    def __init__(self, decide, hangs=()):
        self.decide, self.hangs, self.size = decide, hangs, 2
        self.waiting, self.tried, self.most = deque(), [], 0
        self.stopped = []

    def submit(self, task, text):
        assert json.loads(text)["job"] == task
        self.waiting.append(task)
        self.most = max(self.most, len(self.waiting))

    def results(self, seconds):
        if not self.waiting or self.hanging:
            return []
        task = self.waiting.popleft()
        self.tried.append(task)
        if task in self.stopped:
            self.stopped.remove(task)
            return [Result(task, error="ended", lost=True)]
        return [self.decide(task, self.tried.count(task))]

    @property
    def hanging(self):
        return self.waiting[0] in self.hangs and self.waiting[0] not in self.stopped

    def running(self):
        return {task: 100.0 if task in self.hangs else 0.1 for task in list(self.waiting)[:1]}

    def stop(self, task):
        self.stopped.append(task)

    def close(self):
        pass


def jobs(count):
    return [PlannedJob(f"job{i}", [i], [{"run.seed": i}], "", 0, Costs(1, 1, [])) for i in range(count)]


def driven(tmp_path, decide, count=5, hangs=(), **options):
    pool, tally = Scripted(decide, hangs), Tally(count)
    seen = []
    driver = Driver(
        SweepFolder(tmp_path), pool, SweepOptions(**options), tally, lambda it: seen.append(attrs.evolve(it))
    )
    assert driver.drive(jobs(count)) is tally
    return pool, tally, seen


def test_every_job_is_done_once_with_few_in_flight(tmp_path):
    pool, tally, seen = driven(tmp_path, lambda task, tries: Result(task, MADE), 9)
    assert pool.tried == [f"job{i}" for i in range(9)]
    assert (tally.made, tally.seconds, tally.left) == (9, 9.0, 0)
    assert pool.most <= 4
    assert [it.made for it in seen] == list(range(1, 10))


def test_a_lost_job_is_tried_again_after_the_others(tmp_path):
    def decide(task, tries):
        return Result(task, error="killed", lost=True) if task == "job1" and tries < 3 else Result(task, MADE)

    pool, tally, _ = driven(tmp_path, decide)
    assert (tally.made, tally.failed) == (5, {})
    assert pool.tried.count("job1") == 3


@pytest.mark.parametrize("retries", [0, 2])
def test_a_poisoned_job_fails_and_the_others_go_on(tmp_path, retries):
    def decide(task, tries):
        return Result(task, error="Traceback ...\nValueError: poison") if task == "job1" else Result(task, MADE)

    pool, tally, _ = driven(tmp_path, decide, retries=retries)
    assert tally.made == 4
    assert tally.failed == {"job1": "ValueError: poison"}
    assert pool.tried.count("job1") == retries + 1
    noted = SweepFolder(tmp_path).failure("job1")
    assert noted["tries"] == retries + 1
    assert noted["error"].startswith("Traceback")
    assert noted["points"] == [{"run.seed": 1}]


def test_a_job_that_succeeds_later_is_forgiven(tmp_path):
    SweepFolder(tmp_path).fail("job1", {})
    driven(tmp_path, lambda task, tries: Result(task, MADE))
    assert SweepFolder(tmp_path).failure("job1") is None


def test_a_job_that_hangs_is_stopped(tmp_path):
    made = lambda task, tries: Result(task, MADE)  # noqa: E731
    _, tally, _ = driven(tmp_path, made, hangs=["job1"], retries=1, timeout=50.0)
    assert tally.made == 4
    assert tally.failed == {"job1": "it took more than 50 s"}


def test_a_full_disk_ends_it_and_fails_nobody(tmp_path):
    def decide(task, tries):
        return Result(task, json.dumps({"disk": "no space"})) if task == "job1" else Result(task, MADE)

    _, tally, _ = driven(tmp_path, decide, 20)
    assert tally.stopped == "no space"
    assert tally.failed == {}
    assert 0 < tally.made < 19
    assert tally.left == 20 - tally.made


def test_what_another_sweep_has_made_or_made_otherwise_is_counted(tmp_path):
    how = {"job0": {"how": "there"}, "job1": {"how": "differs", "draft": "job1-3"}}
    _, tally, _ = driven(tmp_path, lambda task, tries: Result(task, json.dumps(how.get(task, json.loads(MADE)))))
    assert (tally.made, tally.there, tally.differing) == (3, 2, ["job1-3"])


def test_the_first_interrupt_finishes_what_runs(tmp_path):
    def decide(task, tries):
        if task == "job1":
            os.kill(os.getpid(), signal.SIGINT)
        return Result(task, MADE)

    _, tally, _ = driven(tmp_path, decide, 20)
    assert tally.stopped == "interrupted"
    assert tally.made == 5  # the two that were done, and three that were handed out by then


def test_the_second_interrupt_ends_at_once(tmp_path):
    def decide(task, tries):
        os.kill(os.getpid(), signal.SIGINT)
        return Result(task, MADE)

    with pytest.raises(KeyboardInterrupt, match="twice"):
        driven(tmp_path, decide, 20)


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGINT)
    with interrupts() as found:
        os.kill(os.getpid(), signal.SIGTERM)
        assert found.count == 1
    assert signal.getsignal(signal.SIGINT) is before
