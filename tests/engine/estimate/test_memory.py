"""Memories of denoisers: kept by place, answered by turn, and never with a graph."""

import attrs
import pytest
import torch

from superpose import Denoiser, PluginError
from superpose.estimate.memory import Ledger, Recall, Remember


@attrs.frozen(eq=False)
class Node(Denoiser):
    inner: object = None

    def estimate(self, x, level):
        raise AssertionError


@attrs.frozen(eq=False)
class Held:
    """A term: what holds a denoiser without being one."""

    denoiser: object


def one(value):
    return torch.full((1, 1), float(value))


def test_a_place_keeps_its_memory_from_one_evaluation_to_the_next():
    leaf = Node()
    root = Node([Node(), {"deep": (leaf,)}])
    ledger = Ledger(root)
    assert ledger.answer(Recall(leaf)) is None
    ledger.answer(Remember(leaf, one(3)))
    # Another tree of the same form: what is remembered belongs to the place, not to the object.
    other = Node()
    again = Ledger(Node([Node(), {"deep": (other,)}]), ledger.remembered)
    assert again.answer(Recall(other)) == one(3)


def test_who_is_asked_twice_has_two_memories():
    leaf = Node()
    ledger = Ledger(Node(leaf))
    for value in (1, 2):
        assert ledger.answer(Recall(leaf)) is None
        ledger.answer(Remember(leaf, one(value)))
    after = Ledger(Node(leaf), ledger.remembered)
    assert [float(after.answer(Recall(leaf))) for _ in range(2)] == [1, 2]
    assert after.answer(Recall(leaf)) is None


def test_what_nobody_touched_stays():
    first, second = Node(), Node()
    before = Ledger(Node([first, second]))
    before.answer(Remember(first, one(1)))
    before.answer(Remember(second, one(2)))
    after = Ledger(Node([first, second]), before.remembered)
    after.answer(Remember(second, one(5)))
    assert [float(value) for _, _, value in after.remembered] == [1, 5]


def test_a_denoiser_in_a_term_is_found():
    leaf = Node()
    ledger = Ledger(Node((Held(leaf),)))
    ledger.answer(Remember(leaf, one(1)))
    assert len(ledger.remembered) == 1


def test_no_graph_is_kept():
    leaf = Node()
    ledger = Ledger(Node(leaf))
    ledger.answer(Remember(leaf, one(1).requires_grad_() * 2))
    assert not ledger.remembered[0][2].requires_grad


def test_a_stranger_and_what_is_no_tensor_are_blamed():
    leaf = Node()
    with pytest.raises(PluginError, match=r"Node\.estimate.* remembers, and is not among the fields of what asks it"):
        Ledger(Node()).answer(Recall(leaf))
    with pytest.raises(PluginError, match=r"Node\.estimate.* remembers a float, and must remember a torch\.Tensor"):
        Ledger(Node(leaf)).answer(Remember(leaf, 1.0))
