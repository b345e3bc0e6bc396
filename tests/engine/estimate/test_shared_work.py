"""Work that runs have in common: done once where all that decides it is the same, and let go with its network."""

import pytest
import torch

from superpose import Context, SharedWork
from superpose.estimate.shared_work import KEPT
from superpose.testing.predictors import TinyPredictor


@pytest.fixture
def network():
    return TinyPredictor((3, 8, 8))


def counted(shared, network, what):
    """How often a piece of work is done when it is asked for again."""
    done = []
    shared.do(network, what, lambda: done.append(what))
    return len(done)


def test_it_is_done_once(network):
    shared = SharedWork()
    assert [counted(shared, network, "a"), counted(shared, network, "a"), counted(shared, network, "b")] == [1, 0, 1]
    assert counted(shared, TinyPredictor((3, 8, 8)), "a") == 1


def test_other_files_and_other_threads_are_other_work(network):
    shared = SharedWork()
    assert counted(shared.of_run("x", "shown"), network, "a") == 1
    assert counted(shared.of_run("x", "other"), network, "a") == 0
    assert counted(shared.of_run("y", "shown"), network, "a") == 1
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        assert counted(shared.of_run("x", "shown"), network, "a") == 1
    finally:
        torch.set_num_threads(before)


def test_no_more_is_kept_than_was_asked_for_last(network):
    shared = SharedWork()
    for number in range(KEPT + 1):
        counted(shared, network, number)
    assert counted(shared, network, KEPT) == 0
    assert counted(shared, network, 1) == 0
    assert counted(shared, network, 0) == 1


def test_what_a_network_did_goes_with_it(network):
    shared, other = SharedWork(), TinyPredictor((3, 8, 8))
    counted(shared, network, "a")
    counted(shared, other, "a")
    shared.of_run("", "").forget([other])
    assert counted(shared, other, "a") == 0
    assert counted(shared, network, "a") == 1


def test_prompts_of_two_runs_are_encoded_once(network):
    shared = SharedWork()
    contexts = [Context.of(network, shared=shared.of_run("x", str(number))) for number in range(2)]
    assert contexts[0].condition(network, "cat") is contexts[1].condition(network, "cat")
    assert contexts[0].condition(network, "cat") is not Context.of(network).condition(network, "cat")
