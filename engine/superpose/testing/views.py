"""The laws of views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.estimate.arrangement import Arrangement
from superpose.estimate.problem import problems_of
from superpose.testing import arrangements
from superpose.testing.cuttings import pieces_go_where_pixels_go
from superpose.testing.frames import frames_are_pictures, frames_begin_at_the_image, frames_end_at_the_reading
from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, keeps_form, linear, noise, size, unwritten
from superpose.testing.stackings import sheets_lie_where_it_says
from superpose.testing.windows import of_parts

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.view import View

#: Values that the whiteness of a view is measured on, at least.
VALUES = 2**16


def check_view(view: View, channels: int, height: int, width: int) -> dict[str, float]:
    """Hold a view to all its laws on images of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    for problem in problems_of(view.problems, (channels, height, width)):
        broken(view, f"{channels}x{height}x{width}", f"it refuses this size: {problem}")
    return figures(laws(view, channels, height, width))


def laws(view: View, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of a view on images of one size."""
    size = channels, height, width
    if isinstance(view, Arrangement):
        yield from arrangements.laws(view, size)
        return
    windows = view.windows(size)
    if tuple(windows) != (view,):
        yield from of_parts(view, windows, size)
        return
    yield Law("apply-is-linear", lambda: linear(view, "apply", view.apply, *size))
    yield Law("apply-keeps-form", lambda: keeps_form(view, "apply", view.apply, *size))
    yield Law("invert-is-linear", lambda: linear(view, "invert", view.invert, *size))
    yield Law("invert-keeps-form", lambda: keeps_form(view, "invert", view.invert, *size))
    yield Law("keeps-lengths", lambda: keeps_lengths(view, *size), ideal=1.0)
    yield Law("keeps-angles", lambda: keeps_angles(view, *size))
    yield Law("undoes", lambda: undoes(view, *size))
    yield Law("is-transpose", lambda: is_transpose(view, *size))
    yield Law("keeps-noise-white", lambda: keeps_noise_white(view, *size))
    yield Law("carries-variance", lambda: carries_variance(view, *size))
    yield Law("frames-are-pictures", lambda: frames_are_pictures(view, *size))
    yield Law("frames-begin-at-the-image", lambda: frames_begin_at_the_image(view, *size))
    yield Law("frames-end-at-the-reading", lambda: frames_end_at_the_reading(view, *size))
    yield Law("pieces-go-where-pixels-go", lambda: pieces_go_where_pixels_go(view, *size))
    yield Law("sheets-lie-where-it-says", lambda: sheets_lie_where_it_says(view, *size))


def keeps_lengths(view: View, channels: int, height: int, width: int) -> float:
    """Every image is as long, as a vector, as what the view shows of it: the ratio that is furthest from 1."""
    x = noise(8, channels, height, width)
    ratios = view.apply(x).flatten(1).norm(dim=1) / x.flatten(1).norm(dim=1)
    worst = float(ratios[(ratios - 1).abs().argmax()])
    if not abs(worst - 1) <= TOLERANCE:
        broken(
            view,
            size(x),
            f"it changes the length of an image by up to {worst:.4g} times; a view is orthogonal, "
            "and moves or mixes values without making them larger or smaller",
        )
    return worst


def keeps_angles(view: View, channels: int, height: int, width: int) -> float:
    """Inner products of images are those of what the view shows of them."""
    x = noise(8, channels, height, width)
    seen = view.apply(x).flatten(1)
    off = gap(seen @ seen.T, x.flatten(1) @ x.flatten(1).T) / x[0].numel()
    if off > TOLERANCE:
        broken(view, size(x), f"it changes inner products by up to {off:.3g} a value; a view is orthogonal")
    return off


def undoes(view: View, channels: int, height: int, width: int) -> float:
    """``invert(apply(x))`` is x, and the other way round."""
    x = noise(2, channels, height, width)
    if (off := gap(view.invert(view.apply(x)), x)) > TOLERANCE:
        broken(view, size(x), f"invert(apply(x)) is off from x by {off:.3g}")
    seen = noise(2, *view.apply(x).shape[1:], seed=1)
    if (back := gap(view.apply(view.invert(seen)), seen)) > TOLERANCE:
        broken(view, size(x), f"apply(invert(x)) is off from x by {back:.3g}")
    return max(off, back)


def is_transpose(view: View, channels: int, height: int, width: int) -> float:
    """The inner product of apply(x) and y is that of x and invert(y)."""
    x = noise(8, channels, height, width)
    y = noise(8, *view.apply(x).shape[1:], seed=1)
    off = gap(view.apply(x).flatten(1) @ y.flatten(1).T, x.flatten(1) @ view.invert(y).flatten(1).T) / x[0].numel()
    if off > TOLERANCE:
        broken(view, size(x), f"invert is not the transpose of apply: inner products differ by {off:.3g} a value")
    return off


def keeps_noise_white(view: View, channels: int, height: int, width: int) -> float:
    """White noise is shown as white noise: unit deviation, neighbours uncorrelated.

    Returns:
        The largest of the deviation's distance from 1 and the correlations; chance alone makes it 0.01.
    """
    x = noise(-(-VALUES // (channels * height * width)), channels, height, width)
    seen = view.apply(x)
    # Five standard errors of a deviation and of a correlation measured on that many values.
    std, limit = float(seen.std()), 5 / seen.numel() ** 0.5
    if not abs(std - 1) <= limit:
        broken(view, size(x), f"it shows white noise with standard deviation {std:.4g}, not 1")
    worst = abs(std - 1)
    for name, axis in (("row", -2), ("column", -1)):
        lag = neighbours(seen, axis) if seen.shape[axis] > 1 else 0.0
        if not abs(lag) <= limit * 2:
            broken(view, size(x), f"it shows white noise with correlation {lag:.3g} from one {name} to the next, not 0")
        worst = max(worst, abs(lag))
    return worst


def neighbours(x: Tensor, axis: int) -> float:
    """Correlation of values with the next ones along ``axis``, over all images."""
    length = x.shape[axis] - 1
    first, second = x.narrow(axis, 0, length), x.narrow(axis, 1, length)
    return float((first * second).mean() / (first.std() * second.std()))


def carries_variance(view: View, channels: int, height: int, width: int) -> float:
    """A variance is moved about and no more: it stays in its range, and one that is the same everywhere stays so."""
    x = noise(2, channels, height, width)
    variance = view.apply(x).abs().contiguous()
    with unwritten(view, "apply_to_variance", variance):
        carried = view.apply_to_variance(variance)
    if carried.shape != x.shape:
        broken(view, size(x), f"apply_to_variance gives a variance of shape {tuple(carried.shape[1:])}")
    ones = variance * 0 + 1
    if (off := gap(view.apply_to_variance(ones), ones.new_ones(x.shape))) > TOLERANCE:
        broken(view, size(x), f"apply_to_variance makes a variance of 1 everywhere differ from 1 by {off:.3g}")
    low, high = float(variance.min()), float(variance.max())
    if not (float(carried.min()) >= low - TOLERANCE and float(carried.max()) <= high + TOLERANCE):
        broken(
            view,
            size(x),
            f"apply_to_variance takes variances in [{low:.3g}, {high:.3g}] to [{float(carried.min()):.3g}, "
            f"{float(carried.max()):.3g}]; a variance is not an image: only move it, and never negate or filter it",
        )
    return off
