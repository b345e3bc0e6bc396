"""Frames on the way from an image to its reading: what moves how, held to geometry."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from superpose import make

SIZE = 24


def spot(row, column, size=SIZE):
    """White paper with one black pixel."""
    image = np.ones((1, size, size))
    image[0, row, column] = -1
    return image


def middle_of(frame, zoom):
    """Where the black is, in pixels of the image."""
    dark = (1 - frame[0]) / 2
    rows, columns = ((np.arange(size) + 0.5) / zoom for size in dark.shape)
    return float((dark.sum(1) @ rows) / dark.sum()), float((dark.sum(0) @ columns) / dark.sum())


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turn_goes_along_a_circle_counter_clockwise(degrees):
    view, u = make("view", "rotate", degrees=degrees), 0.5
    row, column = middle_of(view.frame(spot(12, 20), u, 4), 4)
    angle = np.degrees(np.arctan2(SIZE / 2 - row, column - SIZE / 2))
    start = np.degrees(np.arctan2(-0.5, 8.5))
    assert angle % 360 == pytest.approx((start + degrees * u) % 360, abs=1.5)


def test_another_angle_is_turned_before_it_settles():
    view = make("view", "rotate", degrees=30)
    row, column = middle_of(view.frame(spot(12, 20), 0.375, 4), 4)
    assert np.hypot(row - 12, column - 12) == pytest.approx(np.hypot(0.5, 8.5), abs=0.2)
    assert np.degrees(np.arctan2(12 - row, column - 12)) == pytest.approx(15 - 3.37, abs=1)


@pytest.mark.parametrize(("axis", "narrow"), [("vertical", 0), ("horizontal", 1)])
def test_a_card_is_seen_from_its_edge_half_way(axis, narrow):
    view, image = make("view", "flip", axis=axis), -np.ones((1, SIZE, SIZE))
    for u in (0.25, 0.75):
        dark = view.frame(image, u, 4)[0] < 0
        extent = np.flatnonzero(dark.any(1 - narrow))
        assert len(extent) / (4 * SIZE) == pytest.approx(np.sqrt(0.5), abs=0.02)
        assert dark.any(narrow).all(), "it is as broad as ever the other way"
    assert (view.frame(image, 0.5, 4) == 1).all()


def test_a_disc_turns_in_its_hole():
    view = make("view", "inner-circle")
    image = np.ones((1, SIZE, SIZE))
    image[0, :2] = -1  # beyond the disc: it stays
    frames = [view.frame(image, u, 2) for u in (0, 0.3, 0.6)]
    assert all(np.array_equal(frame[0, :4], frames[0][0, :4]) for frame in frames)
    row, column = middle_of(view.frame(spot(12, 17), 0.5, 4), 4)
    assert (row, column) == pytest.approx((12 - 5.5, 12.5), abs=0.1)


def test_hinged_squares_never_overlap():
    """What is drawn of a black sheet is as large as its squares: side² / (cos + sin)² each."""
    view, image = make("view", "square-hinge"), -np.ones((1, SIZE, SIZE))
    for u in (0.2, 0.5, 0.9):
        share = float((1 - view.frame(image, u, 4)).mean() / 2)
        angle = np.pi / 2 * u
        assert share == pytest.approx(1 / (np.cos(angle) + np.sin(angle)) ** 2, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "options", "pieces"),
    [("permute", {"patches": 4}, 16), ("jigsaw", {"pieces": 3}, 9), ("square-hinge", {}, 9), ("inner-circle", {}, 2)],
)
def test_pieces_move_whole(kind, options, pieces):
    from superpose_views.permutation import _travellers

    moving = _travellers(make("view", kind, **options), SIZE, SIZE)
    assert len(moving) == pieces
    assert sum(int(piece.mask.sum()) for piece in moving) == SIZE**2


@pytest.mark.parametrize("kind", ["permute", "jigsaw", "square-hinge", "skew"])
def test_a_pixel_is_on_its_way_between_where_it_was_and_where_it_goes(kind):
    view, image = make("view", kind), spot(12, 16)
    frames = [view.frame(image, u, 4) for u in np.linspace(0, 1, 9)]
    # Other pieces may fly over it.
    seen = [middle_of(frame, 4) for frame in frames if (frame < 1).any()]
    assert len(seen) >= 6
    assert seen[0] == (12.5, 16.5)
    steps = [np.hypot(*np.subtract(a, b)) for a, b in pairwise(seen)]
    assert 0 < max(steps) < 1 + 0.5 * sum(steps), f"{kind} jumps: {steps}"


def test_a_chain_shows_one_after_the_other():
    flip, turn = make("view", "flip"), make("view", "rotate", degrees=90)
    chain = make("view", "chain", views=(flip, turn))
    image = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8))
    assert np.array_equal(chain.frame(image, 0.25, 2), flip.frame(image, 0.5, 2))
    assert np.array_equal(chain.frame(image, 0.5), flip.frame(image, 1.0))
    assert np.array_equal(chain.frame(image, 0.75), turn.frame(flip.frame(image, 1.0), 0.5))


def test_no_view_of_ours_that_moves_places_or_values_needs_torch_for_its_frames(tmp_path):
    """An arrangement is looked at as it is computed, by torch."""
    program = """
import sys
import numpy as np
from PIL import Image
from superpose import make
from superpose.plugins import load_plugins
Image.fromarray(np.kron(np.eye(4), np.ones((4, 4))).astype(np.uint8) * 255).save(sys.argv[1])
given = {"pieces": {"picture": sys.argv[1]}, "chain": {"views": (make("view", "negate"), make("view", "flip"))}}
image = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16))
for kind in load_plugins().kinds("view"):
    for degrees in (180, 33) if kind == "rotate" else () if kind == "overlay" else (None,):
        view = make("view", kind, **given.get(kind, {}), **({"degrees": degrees} if degrees else {}))
        for u in (0.0, 0.4, 0.9, 1.0):
            assert view.frame(image, u, 2).shape == (3, 32, 32), kind
sys.exit("torch" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "x.png")], check=True, timeout=60)
