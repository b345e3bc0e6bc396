"""The laws of executors have teeth: what breaks one is caught."""

import attrs
import pytest

from superpose import Executor, LawError, Pool, Result, make
from superpose.testing import check_executor, executors


class Faulty(Pool):
    """Carries out tasks at once, with one fault."""

    size = 1

    def __init__(self, work, fault):
        self.work, self.fault, self.found = work, fault, []

    def submit(self, task, text):
        if self.fault == "drops" and task == "task 3":
            return
        try:
            result = Result(task, self.work(text))
        except ValueError as error:
            result = Result(task, error="" if self.fault == "no traceback" else repr(error), lost=self.fault == "lost")
        if self.fault == "mixes" and task == "task 3":
            result = Result(task, "another")
        self.found.append(result)
        if self.fault == "doubles" and task == "task 3":
            self.found.append(result)

    def results(self, seconds):
        found, self.found = self.found, []
        return found

    def running(self):
        return {}

    def stop(self, task):
        pass

    def close(self):
        pass


@attrs.frozen(kw_only=True)
class Odd(Executor):
    """An executor with a fault."""

    kind = "odd"
    isolated = False
    fault: str = ""

    def start(self, work, needs):
        return Faulty(work, self.fault)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("drops", "1 of 8 tasks have no result"),
        ("doubles", "the task 'task 3' has 2 results"),
        ("mixes", "1 of 7 tasks have another report"),
        ("no traceback", "a task that raises has no traceback"),
        ("lost", "a task that raises has no traceback"),
    ],
)
def test_a_fault_is_found(fault, told, monkeypatch):
    monkeypatch.setattr(executors, "PATIENCE", 0.3)
    with pytest.raises(LawError, match=told):
        check_executor(Odd(fault=fault))


def test_without_a_fault_it_keeps_them():
    assert check_executor(Odd()) == {"each-task-once": 0.0}


def test_workers_that_are_lost_belong_to_those_that_have_any():
    assert [law.name for law in executors.laws(make("executor", "processes"))] == ["each-task-once", "outlives-workers"]
