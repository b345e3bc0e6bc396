"""The denoisers inside a denoiser: found wherever they are kept, what is outside first."""

import attrs

from superpose import Denoiser
from superpose.estimate.parts import all_parts, parts_of


@attrs.frozen(eq=False)
class Node(Denoiser):
    name: str
    kept: object = None

    def estimate(self, x, level):
        raise AssertionError


class Plain(Denoiser):
    """Not of attrs."""

    def __init__(self, inner):
        self.inner = inner

    def estimate(self, x, level):
        raise AssertionError


@attrs.frozen(eq=False)
class Term:
    denoiser: Denoiser


A, B, C, D = (Node(name) for name in "abcd")


def test_lists_dicts_and_terms_are_looked_into():
    node = Node("top", [A, {"x": (B, 3, "text")}, Term(C), None, Node])
    assert {part.name for part in parts_of(node)} == {"a", "b", "c"}


def test_all_of_a_tree_what_is_outside_first():
    tree = Node("top", (Node("left", A), Node("right", {"x": B})))
    names = [part.name for part in all_parts(tree)]
    assert names[0] == "top"
    assert names.index("left") < names.index("a")
    assert names.index("right") < names.index("b")
    assert len(names) == 5


def test_a_class_without_attrs_is_looked_into_too():
    plain = Plain([A, D])
    assert list(parts_of(plain)) == [A, D]
    assert list(all_parts(Node("top", plain)))[1:] == [plain, A, D]


def test_one_alone_has_none():
    assert list(parts_of(A)) == []
