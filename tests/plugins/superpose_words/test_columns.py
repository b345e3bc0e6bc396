"""A row of letters taken apart and put beside each other again."""

import pytest
import torch

from superpose import loads
from superpose.media.sheet import readings
from superpose_words.columns import Turned, apart, beside, turned, wide


def test_columns_are_the_letters_in_their_order():
    letters = torch.arange(2 * 3 * 1 * 4 * 5, dtype=torch.float32).view(6, 1, 4, 5)
    canvas = torch.stack([torch.cat([*letters[:3]], -1), torch.cat([*letters[3:]], -1)])
    assert torch.equal(apart(canvas, 3), letters)
    assert torch.equal(beside(letters, 3), canvas)
    assert tuple(canvas.shape[1:]) == wide((1, 4, 5), 3)


def view(kind, prompt, more=""):
    return f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n{more}\n'


HALF = "degrees = 180"
HEAD = '[model]\nkind = "word"\nletters = 3\nmodel = {kind = "glyphs"}\n[scheduler]\nkind = "ddim"\n'


@pytest.mark.parametrize(
    ("views", "found"),
    [
        (view("identity", "pad") + view("rotate", "xyz", HALF), [(0, "p", "z"), (1, "a", "y"), (2, "d", "x")]),
        (view("rotate", "xyz", HALF) + view("identity", "pad"), [(0, "x", "d"), (1, "y", "a"), (2, "z", "p")]),
        (view("identity", "ses") + view("rotate", "ses", HALF), [(0, "s", "s"), (1, "e", "e")]),
        (view("identity", "pad") + view("flip", "pad", 'axis = "vertical"'), []),
        (view("negate", "pad") + view("rotate", "pad", HALF), []),
        (view("identity", "pad"), []),
        (view("identity", "pad") + view("rotate", "", HALF), []),
    ],
    ids=["turned", "turned first", "each pair once", "flips", "negated", "one", "unasked"],
)
def test_letters_that_are_upside_down_to_each_other(views, found):
    subject = loads(HEAD + views).subject
    assert list(turned(readings(subject), (3, 32, 96), 3)) == [Turned(*each) for each in found]
