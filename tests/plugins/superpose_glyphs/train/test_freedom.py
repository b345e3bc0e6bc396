"""Images moved: each as SciPy moves it, and never out of the image where that is asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from made_glyphs import disc
from superpose_glyphs.train.freedom import Freedom

STILL = Freedom(turn=0, smallest=1, largest=1, shift=0, mirror=False)


def test_freedom_moves_what_an_image_shows() -> None:
    rng = np.random.default_rng(0)
    half = np.zeros((40, 64, 64), np.uint8)
    half[:, 10:50, 8:20] = 255
    np.testing.assert_array_equal(STILL.moved(half, rng), half)
    mirrored = Freedom(turn=0, smallest=1, largest=1, shift=0).moved(half, rng)
    ways = {image.tobytes() for image in mirrored}
    assert ways == {half[0].tobytes(), half[0, :, ::-1].tobytes()}
    discs = np.stack([disc()] * 40)
    sizes = Freedom(smallest=0.5, largest=1.5, shift=0).moved(discs, rng).astype(float).sum((1, 2)) / discs[0].sum()
    assert 0.22 < sizes.min() < 0.4  # squares of sizes
    assert 1.6 < sizes.max() < 2.35
    shifted = Freedom(turn=0, smallest=1, largest=1, shift=0.25).moved(discs, rng) / 255
    places = np.stack(
        [[(image * np.mgrid[:64, :64][axis]).sum() / image.sum() for axis in (0, 1)] for image in shifted]
    )
    assert np.abs(places - 31.5).max() <= 16.1
    assert np.abs(places - 31.5).max() > 12
    leaning = Freedom(turn=10, smallest=1, largest=1, shift=0, mirror=False).moved(half, rng)
    assert len({image.tobytes() for image in leaning}) == 40


@pytest.mark.parametrize("turn", [10.0, 80.0])
def test_a_turn_is_that_of_scipy(turn: float) -> None:
    """By an angle that only the generator knows, but that is within the freedom: the best of SciPy's is the one."""
    image = ndimage.gaussian_filter(np.pad(np.eye(12)[::-1] * 255, 10), 1.0) * 4
    image[18:24, 6:10] += 200
    coverage = image.clip(0, 255).astype(np.uint8)
    freedom = Freedom(turn=turn, smallest=1, largest=1, shift=0, mirror=False)
    for seed in range(3):
        moved = freedom.moved(coverage[None], np.random.default_rng(seed))[0].astype(float)
        angles = np.arange(-turn, turn + 0.25, 0.25)
        off = [np.abs(ndimage.rotate(coverage.astype(float), a, reshape=False, order=1) - moved).mean() for a in angles]
        assert min(off) < 0.02 * np.abs(coverage - moved).mean() + 0.6


def test_colours_go_on_beyond_the_edge_and_ink_does_not() -> None:
    """An image in colour has no paper to show where it has moved away."""
    freedom, rng = Freedom(turn=0, smallest=0.5, largest=0.5, shift=0), np.random.default_rng(0)
    colour = np.full((3, 16, 16, 3), (10, 200, 90), np.uint8)
    np.testing.assert_array_equal(freedom.moved(colour, rng), colour)
    ink = freedom.moved(np.full((3, 16, 16), 255, np.uint8), rng)
    assert (ink[:, 4:12, 4:12] == 255).all()
    assert not ink[:, :3].any()
    assert not ink[:, :, 13:].any()
