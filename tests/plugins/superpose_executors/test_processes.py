"""Tasks in processes: the laws, and how many there are on which card."""

import os
from collections import deque

import pytest

from shown_card import card
from superpose import Needs, RunError, make
from superpose.testing import check_executor
from superpose_executors import processes

TWO = make("executor", "processes", workers=2)


def test_the_laws():
    assert check_executor(TWO) == {"each-task-once": 0.0, "outlives-workers": 0.0}


def test_each_process_sees_a_card_of_its_own(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    found = set()
    with make("executor", "processes").start(card, Needs()) as pool:
        assert pool.size == 2
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,5"
        for number in range(10_000):  # one process may begin long before the other
            pool.submit(str(number), "")
            found |= {result.report for result in pool.results(1.0)}
            if len(found) == 2:
                break
    assert found == {"3", "5"}


def test_there_are_as_many_as_the_cores_have_room_for(monkeypatch):
    monkeypatch.setattr(processes, "cores", lambda: 8)
    monkeypatch.setattr(processes, "_cards", lambda needs: [])
    started = []
    monkeypatch.setattr(processes, "_Pool", lambda *how: started.append(how[1:]))
    for threads in (1, 4, 16):
        make("executor", "processes").start(card, Needs(threads=threads))
    TWO.start(card, Needs())
    assert started == [(8, []), (2, []), (1, []), (2, [])]
    assert make("executor", "processes").rank(Needs()) == 2
    monkeypatch.setattr(processes, "cores", lambda: 1)
    assert make("executor", "processes").rank(Needs()) == 0


def test_no_card_is_looked_for_where_another_device_was_asked_for(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert processes._cards(Needs(device="cpu")) == []
    assert processes._cards(Needs(device="cuda")) == ["3", "5"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert len(processes._cards(Needs())) == __import__("torch").cuda.device_count()


class Unreadable:
    """Work that can't be made again in another process."""

    def __call__(self, text):
        return text

    def __reduce__(self):
        return os._exit, (7,)


def test_workers_that_die_as_they_start_are_not_started_without_end():
    with make("executor", "processes", workers=1).start(Unreadable(), Needs()) as pool:
        pool.submit("a", "a")
        with pytest.raises(RunError, match=r"workers die as they start \(exit code 7\)"):
            deque(iter(lambda: pool.results(1.0), None), 0)
