"""The laws of media."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from superpose.estimate.problem import problems_of
from superpose.testing.law import Law, figures
from superpose.testing.probes import broken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superpose.media.medium import Medium

#: A file name's end: one dot, then small letters and digits.
_ENDS = "abcdefghijklmnopqrstuvwxyz0123456789"


def check_medium(medium: Medium, channels: int = 3, height: int = 64, width: int = 64) -> dict[str, float]:
    """Hold a medium to all its laws on images of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    for problem in problems_of(medium.problems, (channels, height, width)):
        broken(medium, f"{channels}x{height}x{width}", f"it refuses this size: {problem}")
    return figures(laws(medium, channels, height, width))


def laws(medium: Medium, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of a medium on images of one size."""
    shape = channels, height, width
    yield Law("has-a-name-of-its-own", lambda: has_a_name_of_its_own(medium, shape))
    yield Law("same-image-same-bytes", lambda: same_image_same_bytes(medium, shape))
    yield Law("leaves-the-image-alone", lambda: leaves_the_image_alone(medium, shape))


def has_a_name_of_its_own(medium: Medium, shape: tuple[int, int, int]) -> float:
    """Its suffix is one, and none that images have; it says what it is."""
    where = "x".join(map(str, shape))
    dot, end = medium.suffix[:1], medium.suffix[1:]
    if dot != "." or not end or set(end) - set(_ENDS) or end == "png":
        broken(medium, where, f"its suffix is {medium.suffix!r}: it must be like '.wav', and not that of the image")
    if medium.mime.count("/") != 1:
        broken(medium, where, f"its mime is {medium.mime!r}: it must be like 'audio/wav'")
    if not medium.described(shape).strip():
        broken(medium, where, "it says nothing of what comes of an image of that size")
    return 0.0


def same_image_same_bytes(medium: Medium, shape: tuple[int, int, int]) -> float:
    """The same image is the same bytes, whatever was drawn from numpy's global generator meanwhile."""
    first = medium.encoded(_pixels(shape, 0), "{}")
    np.random.random(7)
    if medium.encoded(_pixels(shape, 0), "{}") != first or not first:
        broken(medium, "x".join(map(str, shape)), "the same image is other bytes the second time, or none")
    return 0.0


def leaves_the_image_alone(medium: Medium, shape: tuple[int, int, int]) -> float:
    """It does not write to the pixels, which are about to be written as an image."""
    pixels = _pixels(shape, 0)
    medium.encoded(pixels, "{}")
    if not np.array_equal(pixels, _pixels(shape, 0)):
        broken(medium, "x".join(map(str, shape)), "it writes to the pixels that it is given; let it write to a copy")
    return 0.0


def _pixels(shape: tuple[int, int, int], seed: int) -> NDArray[np.uint8]:
    channels, height, width = shape
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
