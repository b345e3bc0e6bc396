"""Words in print: heights, baseline and kerning are those that the shapes say."""

import numpy as np
import pytest

from superpose.media.typeset import BEYOND, GAP, MARGIN, Zone, ink_of, typeset

HEIGHT = 100
X, B, P = (Zone.of([(letter, False)]) for letter in "xbp")


def block(tall=10, wide=10):
    return np.pad(np.ones((tall, wide)), 1)


def spans(pixels):
    """Rows and columns of the ink: of each stretch its first and the one after its last."""
    dark = pixels < 128
    found = []
    for axis in (1, 0):
        edges = np.flatnonzero(np.diff(np.pad(dark.any(axis), 1).astype(int)))
        found.append(edges.reshape(-1, 2).tolist())
    return found


@pytest.mark.parametrize(
    ("letters", "zone"),
    [
        ([("x", False)], (False, False)),
        ([("b", False)], (True, False)),
        ([("p", False)], (False, True)),
        ([("p", True)], (True, False)),
        ([("j", True)], (True, True)),
        ([("a", False), ("h", True)], (False, True)),
        ([("A", False), ("x", True)], (True, False)),
        ([("7", False)], (True, False)),
        ([], (False, False)),
    ],
)
def test_a_letter_takes_the_room_of_all_that_it_is(letters, zone):
    assert (Zone.of(letters).ascends, Zone.of(letters).descends) == zone


def test_letters_stand_on_the_baseline_as_high_as_they_are():
    top = round(MARGIN * HEIGHT)
    baseline = top + round((1 + BEYOND) * HEIGHT)
    for zone, rows in ((X, (top + 50, baseline)), (B, (top, baseline)), (P, (top + 50, baseline + 50))):
        [[found], [columns]] = spans(typeset([(block(), zone)], HEIGHT))
        assert np.abs(np.subtract(found, rows)).max() <= 1, zone
        assert abs((columns[1] - columns[0]) - (rows[1] - rows[0])) <= 1, "a square is none"


def test_what_is_near_is_as_near_as_what_is_straight():
    """Two blocks stand a gap apart; so do two slopes that fit into each other, whose boxes then overlap."""
    straight = spans(typeset([(block(), X), (block(), X)], HEIGHT))[1]
    assert abs(straight[1][0] - straight[0][1] - GAP * HEIGHT) <= 1
    slope = np.pad(np.hstack([np.ones((20, 20)), np.tril(np.ones((20, 20)))]), 1)
    fitting = typeset([(slope, X), (slope[::-1, ::-1], X)], HEIGHT)
    assert len(spans(fitting)[1]) == 1, "a column of paper parts them"
    middle = round(MARGIN * HEIGHT) + 100
    gaps = [np.diff(np.flatnonzero(row)).max() - 1 for row in fitting[middle - 40 : middle + 40 : 10] < 128]
    assert min(gaps) >= 0.8 * GAP * HEIGHT
    assert max(gaps) <= 2.2 * GAP * HEIGHT


def test_the_turned_word_is_the_word_of_turned_letters():
    """Set upside down in the opposite order, the letters make the same picture upside down."""
    rng = np.random.default_rng(0)
    word = [
        (np.pad(np.tril(np.ones((12, wide)), rng.integers(4)), 1), zone) for wide, zone in ((9, X), (14, B), (7, P))
    ]
    turned = [(ink[::-1, ::-1], Zone(zone.descends, zone.ascends)) for ink, zone in reversed(word)]
    first, second = typeset(word, HEIGHT), typeset(turned, HEIGHT)[::-1, ::-1]
    assert abs(first.shape[1] - second.shape[1]) <= 2
    wide = min(first.shape[1], second.shape[1])
    differ = (first[:, :wide] < 128) != (second[:, :wide] < 128)
    assert differ.mean() < 0.02


def test_ink_is_what_is_unlike_the_paper_whatever_its_colours():
    picture = np.full((3, 12, 12), 0.5)
    picture[1, 3:7, 4:9] = -0.5
    ink = ink_of(picture)
    assert ink.shape == (4 + 4, 5 + 4)
    assert np.array_equal(ink, np.pad(np.ones((4, 5)), 2))
    assert ink_of(np.full((3, 12, 12), 0.5)) is None
