"""Outlines of solid drawings: where SciPy finds an edge within reach, and hollow inside."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from torch import from_numpy

from made_glyphs import disc
from superpose_glyphs.judge.captioned import outlined
from superpose_glyphs.judge.outlines import REACH, hollowed


def test_lines_follow_edges_to_either_side() -> None:
    solid = np.stack([disc(), np.pad(np.full((30, 44), 255, np.uint8), ((17, 17), (10, 10)))])
    lines = hollowed(solid).astype(float) / 255
    for ink, line in zip(solid > 0, lines, strict=True):
        # Distances of pixels from the nearest of the other side; an edge lies half way between two.
        away = np.where(ink, ndimage.distance_transform_edt(ink), ndimage.distance_transform_edt(~ink))
        np.testing.assert_array_equal(line[away <= REACH - 0.5], 1)
        np.testing.assert_array_equal(line[away >= REACH + 0.5], 0)
        assert line[ink].sum() < 0.6 * ink.sum()


def test_what_was_solid_is_an_outline_to_the_judge() -> None:
    solid = disc()[None]
    as_images = (1 - from_numpy(np.concatenate((solid, hollowed(solid))))[:, None] / 127.5).expand(-1, 3, -1, -1)
    assert outlined(as_images).tolist() == [False, True]
