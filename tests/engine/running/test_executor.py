"""What executors share: leaving the block closes the pool, and times count from when a task begins."""

import pytest

from superpose import Clock, Executor, Needs, Pool


class Nothing(Pool):
    size = 1

    def __init__(self):
        self.closed = False

    def submit(self, task, text):
        pass

    def results(self, seconds):
        return []

    def running(self):
        return {}

    def stop(self, task):
        pass

    def close(self):
        self.closed = True


def test_leaving_the_block_closes_the_pool():
    with Nothing() as pool:
        assert not pool.closed
    assert pool.closed
    with pytest.raises(ZeroDivisionError), Nothing() as pool:
        raise ZeroDivisionError
    assert pool.closed


def test_a_clock_counts_from_when_a_task_begins():
    clock = Clock()
    clock.begin("a")
    first = clock.seconds["a"]
    assert clock.seconds["a"] >= first >= 0
    clock.end("a")
    clock.end("b")
    assert clock.seconds == {}


def test_an_executor_is_not_taken_unasked():
    class Far(Executor):
        kind = "far"

        def start(self, work, needs):
            return Nothing()

    assert Far().rank(Needs()) == 0
