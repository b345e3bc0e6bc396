"""Views in a row."""

import pytest
import torch

from problems import told
from superpose import RecipeError, loads, make, problems_of
from superpose.testing import check_view


def chain(*views):
    return make("view", "chain", views=tuple(views))


def test_the_first_is_applied_first():
    skew, turn = make("view", "skew"), make("view", "rotate", degrees=90.0)
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(chain(skew, turn).apply(x), turn.apply(skew.apply(x)))
    assert not torch.equal(chain(skew, turn).apply(x), chain(turn, skew).apply(x))


@pytest.mark.parametrize(
    "views",
    [
        ("flip",),
        ("rotate", "negate"),
        ("jigsaw", "inner-circle", "negate", "flip"),
    ],
)
@pytest.mark.parametrize("size", [(1, 16, 16), (3, 33, 33)])
def test_it_is_a_lawful_view(views, size):
    check_view(chain(*(make("view", kind) for kind in views)), *size)


def test_chains_nest_and_grow():
    inner = chain(make("view", "permute", patches=4), make("view", "negate"))
    whole = chain(inner, make("view", "rotate", degrees=30.0))
    check_view(whole, 3, 16, 16)
    assert whole.scaled(4) == whole


def test_what_one_of_them_refuses_is_refused_at_its_place():
    whole = chain(make("view", "flip"), make("view", "permute", patches=3))
    assert not told(whole, (3, 9, 9))
    [problem] = problems_of(whole.problems, (3, 8, 8))
    assert problem.option == ("views", 1, "patches")
    assert problem.what.startswith("permute can't cut 8x8")


def test_a_chain_of_nothing_is_refused():
    with pytest.raises(RecipeError, match="views is empty"):
        chain()


def test_it_is_written_as_a_list_of_tables():
    text = """
        model = { kind = "glyphs" }
        scheduler = { kind = "ddim", steps = 2 }
        [[view]]
        kind = "identity"
        prompt = "V"
        [[view]]
        kind = "chain"
        views = [{ kind = "negate" }, { kind = "rotate", degrees = 90 }]
        prompt = "W"
    """
    term = loads(text).subject.view[1]
    assert term.view == chain(make("view", "negate"), make("view", "rotate", degrees=90.0))
