"""Tasks in this process keep the laws."""

from superpose import Needs, make
from superpose.running.trial import trial
from superpose.testing import check_executor


def test_the_laws():
    assert check_executor(make("executor", "inline")) == {"each-task-once": 0.0}


def test_one_task_a_call_in_order():
    with make("executor", "inline").start(trial, Needs()) as pool:
        for task in "abc":
            pool.submit(task, task)
        assert [[result.task for result in pool.results(0)] for _ in range(4)] == [["a"], ["b"], ["c"], []]
        assert pool.running() == {}
        pool.stop("a")


def test_it_is_the_last_choice():
    assert make("executor", "inline").rank(Needs()) == 1
