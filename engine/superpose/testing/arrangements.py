"""The laws of arrangements: views that are no linear maps, and that torch can differentiate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.testing.frames import frames_are_pictures, frames_begin_at_the_image, frames_end_at_the_reading
from superpose.testing.law import Law
from superpose.testing.probes import TOLERANCE, broken, gap, noise
from superpose.testing.stackings import sheets_lie_where_it_says

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.arrangement import Arrangement
    from superpose.estimate.tensors import Shape

#: Length of the step of a difference quotient, in float64, and how far off it may be.
STEP, OFF = 1e-6, 1e-4


def laws(view: Arrangement, shape: Shape) -> Iterator[Law]:
    """The laws of an arrangement of images of one size."""
    yield Law("leaves-its-arguments-alone", lambda: leaves_its_arguments_alone(view, shape))
    yield Law("shows-images", lambda: shows_images(view, shape))
    yield Law("keeps-rows-apart", lambda: keeps_rows_apart(view, shape))
    yield Law("has-a-slope", lambda: has_a_slope(view, shape), ideal=1.0)
    yield Law("frames-are-pictures", lambda: frames_are_pictures(view, *shape))
    yield Law("frames-begin-at-the-image", lambda: frames_begin_at_the_image(view, *shape))
    yield Law("frames-end-at-the-reading", lambda: frames_end_at_the_reading(view, *shape))
    yield Law("sheets-lie-where-it-says", lambda: sheets_lie_where_it_says(view, *shape))


def shows_images(view: Arrangement, shape: Shape) -> float:
    """Of images in [-1, 1], whatever they are, images in [-1, 1] of one size: the furthest value."""
    furthest, sizes = 0.0, set()
    for x in (_images(shape), _images(shape) * 0 - 1, _images(shape) * 0 + 1):
        for shown in (view.apply(x), view.shaken(x, noise(3, *shape, seed=7))):
            sizes.add(tuple(shown.shape))
            furthest = max(furthest, float(shown.abs().nan_to_num(nan=float("inf")).max()))
    if not furthest <= 1 + TOLERANCE or len(sizes) > 1:
        broken(view, "images in [-1, 1]", f"it shows values up to {furthest:.3g}, in the sizes {sorted(sizes)}")
    return furthest


def keeps_rows_apart(view: Arrangement, shape: Shape) -> float:
    """An image has the same bits alone as in a batch."""
    x, z = _images(shape), noise(3, *shape, seed=7)
    for row in range(3):
        mine = slice(row, row + 1)
        for alone, many in ((view.apply(x[mine]), view.apply(x)), (view.shaken(x[mine], z[mine]), view.shaken(x, z))):
            if (off := gap(alone, many[mine])) > 0:
                broken(view, f"row {row}", f"an image alone is {off:.3g} away from it in a batch")
    return 0.0


def leaves_its_arguments_alone(view: Arrangement, shape: Shape) -> float:
    """Nothing that goes in is written to."""
    given = _images(shape), noise(3, *shape, seed=7)
    copies = [tensor.clone() for tensor in given]
    view.apply(given[0])
    view.shaken(*given)
    if any(gap(tensor, copy) > 0 for tensor, copy in zip(given, copies, strict=True)):
        broken(view, "an image", "it writes to a tensor that it was given; make a new one")
    return 0.0


def has_a_slope(view: Arrangement, shape: Shape) -> float:
    """Torch's gradient is that of difference quotients, in the inside of the range: their ratio."""
    import torch

    x, way = _images(shape) * 0.5, noise(3, *shape, seed=8)
    with torch.enable_grad():
        leaf = x.requires_grad_()
        shown = view.apply(leaf)
        [slope] = torch.autograd.grad(shown.square().sum(), leaf)
    told = float((slope * way).sum())
    measured = (_power(view.apply(x.detach() + STEP * way)) - _power(view.apply(x.detach() - STEP * way))) / (2 * STEP)
    if not abs(told - measured) <= OFF * max(1.0, abs(measured)):
        broken(view, "images", f"torch says that it changes by {told:.6g} there, and it does by {measured:.6g}")
    return told / measured if measured else 1.0


def _power(shown: Tensor) -> float:
    return float(shown.square().sum())


def _images(shape: Shape) -> Tensor:
    return noise(3, *shape, seed=6).clamp(-1, 1)
