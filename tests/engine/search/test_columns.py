"""Columns are chosen one by one where readings show them so: each as it is read there, the best first."""

import pytest
import torch

from superpose import Classifier, ClassifierPredictor, RunError, TableSchedule, loads
from superpose.search.columns import Drawn, best_columns, drawn, letters_of

HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
TURNED = HEAD + "".join(
    f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n' for kind, prompt in (("identity", "dl"), ("rotate", "ld"))
)
SHAPE, COLUMNS = (3, 4, 8), 2


class Brightness(ClassifierPredictor):
    shape, device = (3, 4, 4), torch.device("cpu")

    def logits(self, x, level):
        mean = x.mean((1, 2, 3))
        return torch.stack([-mean, mean], 1) * 5


class Shades(Classifier):
    """Reads dark and light; of two columns, each by itself."""

    kind = "shades"
    shape, schedule, classes = (3, 4, 4), TableSchedule.named("cosine"), 2

    def label(self, prompt):
        return "dl".index(prompt)

    def parts(self, prompt):
        return tuple((self, letter) for letter in prompt)

    def load(self, device="cpu", dtype="float32"):
        return Brightness()


def images(*columns):
    """Images of two columns, each of one value."""
    return torch.stack([torch.cat([torch.full((3, 4, 4), float(v)) for v in pair], -1) for pair in columns])


def test_a_column_is_read_where_a_view_shows_it():
    subject, reader = loads(TURNED).subject, Shades()
    letters = letters_of(subject, reader, SHAPE, COLUMNS)
    assert [[(it.reading, it.place, it.prompt) for it in column] for column in letters] == [
        [(0, 0, "d"), (1, 1, "d")],
        [(0, 1, "l"), (1, 0, "l")],
    ]


def test_the_best_drawing_of_each_column_is_chosen():
    subject, reader = loads(TURNED).subject, Shades()
    letters = letters_of(subject, reader, SHAPE, COLUMNS)
    found = drawn(images((-0.2, 1), (-1, 0.1), (1, -1), (-0.5, 1)), subject, letters)
    assert [[it.right for it in column] for column in found] == [[True, True, False, True]] * 2
    assert best_columns(found, letters, 3) == [(1, 0), (3, 3), (0, 1)]


def test_a_column_that_nobody_reads_is_named():
    letters = letters_of(loads(TURNED).subject, Shades(), SHAPE, COLUMNS)
    found = [[Drawn(True, -1.0, 0), Drawn(False, -2.0, -1)], [Drawn(False, -3.0, 0), Drawn(False, -4.0, -1)]]
    with pytest.raises(RunError, match=r"none of 2 drawings is read right every way of letter 2, 'l' and 'l': draw"):
        best_columns(found, letters, 1)


@pytest.mark.parametrize(
    "shows",
    [
        '[decomposition]\nkind = "hybrid"\nlow = "dl"\nhigh = "ld"\n',
        '[[view]]\nkind = "permute"\npatches = 4\nprompt = "dl"\n',
    ],
)
def test_what_mixes_columns_is_no_choice_of_columns(shows):
    assert letters_of(loads(HEAD + shows).subject, Shades(), SHAPE, COLUMNS) is None
