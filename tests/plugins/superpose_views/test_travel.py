"""Ways of pieces: how a piece goes is read off where its pixels go, by a turn and a shift that are known here."""

import math

import numpy as np
import pytest

from superpose_views.permutation import places
from superpose_views.travel import rigid, travellers

LABELS = np.arange(4).reshape(2, 2).repeat(4, 0).repeat(4, 1)


def turned(quarters):
    """Sources of four squares of 4x4 that turn, each by its own quarter turns counter-clockwise."""
    there = places(8, 8).copy()
    for number, quarter in enumerate(quarters):
        i, j = divmod(number, 2)
        part = np.s_[4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
        there[part] = np.rot90(there[part], quarter)
    return there.reshape(-1)


@pytest.mark.parametrize("quarters", [(0, 0, 0, 0), (1, 2, 3, 0), (3, 3, 1, 2)])
def test_a_turn_is_found(quarters):
    pieces = rigid(turned(quarters), LABELS)
    want = [{0: 0, 1: math.pi / 2, 2: math.pi, 3: -math.pi / 2}[quarter] for quarter in quarters]
    assert [piece.turn for piece in pieces] == pytest.approx(want)
    for piece in pieces:
        assert piece.start == piece.end, "each turns about its own middle"


def test_a_shift_is_found_and_who_stays_comes_first():
    there = places(8, 8).copy()
    there[:4, :4], there[:4, 4:] = places(8, 8)[:4, 4:], places(8, 8)[:4, :4]
    found = travellers(there.reshape(-1), LABELS)
    assert [piece.stays for piece in found] == [True, True, False, False]
    away = [(piece.end[0] - piece.start[0], piece.end[1] - piece.start[1]) for piece in found[2:]]
    assert sorted(away) == [(0, -4), (0, 4)]


def test_a_pixel_that_goes_another_way_is_a_piece_of_its_own():
    there = places(8, 8).copy()
    there[0, 0], there[7, 7] = there[7, 7], there[0, 0]
    found = travellers(there.reshape(-1), LABELS)
    assert sum(piece.mask.sum() for piece in found) == 64
    strays = [piece for piece in found if piece.mask.sum() == 1]
    assert len(strays) == 2
    assert {piece.start for piece in strays} == {(0.5, 0.5), (7.5, 7.5)}
    assert not any(piece.stays for piece in strays)


def test_both_ends_of_a_way_are_exact():
    [piece] = [it for it in travellers(turned((1, 0, 0, 0)), LABELS) if not it.stays]
    for u, place, turn in ((0.0, piece.start, 0.0), (1.0, piece.end, math.pi / 2)):
        placed = piece.at(u, 1.0)
        assert placed.place == pytest.approx(place)
        assert placed.turn == pytest.approx(turn)
