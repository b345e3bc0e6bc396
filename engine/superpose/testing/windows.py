"""The laws of views that show parts of an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from superpose.testing.frames import frames_are_pictures, frames_begin_at_the_image, frames_end_at_the_reading
from superpose.testing.law import Law
from superpose.testing.probes import TOLERANCE, broken, gap, keeps_form, linear, noise, size
from superpose.testing.stackings import sheets_lie_where_it_says

if TYPE_CHECKING:
    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View


def of_parts(view: View, windows: Sequence[View], shape: Shape) -> Iterator[Law]:
    """The laws of a view and of its windows on images of ``shape`` (C, H, W)."""
    yield Law("apply-is-linear", lambda: linear(view, "apply", view.apply, *shape))
    yield Law("apply-keeps-form", lambda: keeps_form(view, "apply", view.apply, *shape))
    yield Law("windows-show-all", lambda: windows_show_all(view, windows, shape))
    yield Law("windows-show-the-part", lambda: windows_show_the_part(view, windows, shape))
    yield Law("windows-undo", lambda: max(windows_undo(window, shape) for window in windows))
    yield Law("windows-are-transposes", lambda: max(windows_are_transposes(window, shape) for window in windows))
    yield Law("shares-are-where-it-shows", lambda: max(shares_are_where_it_shows(window, shape) for window in windows))
    yield Law("frames-are-pictures", lambda: frames_are_pictures(view, *shape))
    yield Law("frames-begin-at-the-image", lambda: frames_begin_at_the_image(view, *shape))
    yield Law("frames-end-at-the-reading", lambda: frames_end_at_the_reading(view, *shape))
    yield Law("sheets-lie-where-it-says", lambda: sheets_lie_where_it_says(view, *shape))


def windows_show_all(view: View, windows: Sequence[View], shape: Shape) -> float:
    """There are windows, and each is of images of that size: its inverse gives one."""
    x = noise(1, *shape)
    if not windows:
        broken(view, size(x), "windows gives none")
    for window in windows:
        if (back := window.invert(window.apply(x))).shape != x.shape:
            broken(view, size(x), f"a window of it gives an image of shape {tuple(back.shape[1:])} back")
    return 0.0


def windows_show_the_part(view: View, windows: Sequence[View], shape: Shape) -> float:
    """The windows together show what the view shows: as many different values of an image."""
    import torch

    x = torch.arange(1.0, noise(1, *shape).numel() + 1, dtype=torch.float64).view(1, *shape)
    seen = torch.cat([window.apply(x).flatten() for window in windows]).unique()
    if not torch.equal(seen, view.apply(x).flatten().unique()):
        broken(view, size(x), f"its windows show {len(seen)} values, and it shows {view.apply(x).unique().numel()}")
    return 0.0


def windows_undo(window: View, shape: Shape) -> float:
    """``apply(invert(y))`` is y: nothing that is shown is lost, and noise that is shown is as white as it was."""
    x = noise(2, *shape)
    y = noise(2, *window.apply(x).shape[1:], seed=1)
    if (off := gap(window.apply(window.invert(y)), y)) > TOLERANCE:
        broken(window, size(x), f"apply(invert(y)) is off from y by {off:.3g}")
    return off


def windows_are_transposes(window: View, shape: Shape) -> float:
    """The inner product of apply(x) and y is that of x and invert(y)."""
    x = noise(8, *shape)
    y = noise(8, *window.apply(x).shape[1:], seed=1)
    off = gap(window.apply(x).flatten(1) @ y.flatten(1).T, x.flatten(1) @ window.invert(y).flatten(1).T) / x[0].numel()
    if off > TOLERANCE:
        broken(window, size(x), f"invert is not the transpose of apply: inner products differ by {off:.3g} a value")
    return off


def shares_are_where_it_shows(window: View, shape: Shape) -> float:
    """Its share is never below 0, and 0 where it shows nothing; a variance goes where its values go."""
    import torch

    x = noise(1, *shape)
    seen = window.apply(x)
    ones = window.apply_to_variance(torch.ones_like(seen))
    share = window.share()
    if share is None:
        share = x.new_ones(shape[1:])
    if tuple(share.shape) != tuple(shape[1:]) or float(share.min()) < 0:
        broken(window, size(x), "its share is not one number of 0 or more for each place")
    off = max(float((share * (ones == 0)).max()), gap(ones, window.invert(torch.ones_like(seen))))
    if off > TOLERANCE:
        broken(window, size(x), f"its share is {off:.3g} where it shows nothing")
    return off
