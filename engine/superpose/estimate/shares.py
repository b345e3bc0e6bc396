r"""Shares of views that show parts of an image: at each place they sum to 1.

A view :math:`V_i` that shows a part has :math:`V_i V_i^\top = I`, and :math:`V_i^\top V_i` is 1 where it shows
something and 0 elsewhere. With a share :math:`s_i` for each place,

.. math:: D(x) = \sum_i \mathrm{diag}(s_i)\, V_i^\top d_i(V_i x), \qquad \sum_i s_i = 1, \quad
          s_i = 0 \text{ where } V_i \text{ shows nothing}

is a lawful mix: MultiDiffusion (arXiv 2302.08113), whose windows all count alike, is its special case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError
from superpose.estimate.blame import must_be_images

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from superpose.estimate.tensors import Map, Shape
    from superpose.estimate.view import View


@attrs.frozen(eq=False)
class Shared:
    """A view and its share in what is said of each place.

    Attributes:
        view: The view.
        share: Its share, shape (H, W), float64.
        views: How many views there are: of a variance a mix takes the mean.
    """

    view: View
    share: Tensor
    views: int
    _as_needed: dict[tuple[torch.device, torch.dtype], Tensor] = attrs.field(factory=dict, init=False)

    def back(self, seen: Tensor) -> Tensor:
        """The image of which the view shows ``seen``, as much of it as is its share."""
        return self.view.invert(seen) * self._like(seen)

    def variance_back(self, seen: Tensor) -> Tensor:
        """The variance likewise, so that the mean over all views is the whole."""
        return self.view.apply_to_variance(seen) * (self._like(seen) * self.views)

    def _like(self, x: Tensor) -> Tensor:
        key = x.device, x.dtype
        if key not in self._as_needed:
            self._as_needed[key] = self.share.to(*key)
        return self._as_needed[key]


def shared(views: Sequence[View], weights: Sequence[float]) -> list[tuple[float, Shared | None]]:
    """Each view's weight and, where it has another share in one place than in another, its shares instead.

    Arguments:
        views: The views of one image.
        weights: Their weights, as they are where all show the whole image.

    Raises:
        LawError: If they are of images of different sizes, or some place is shown by none.
    """
    import torch

    maps = [view.share() for view in views]
    sizes = {tuple(share.shape) for share in maps if share is not None}
    if not sizes:
        return [(weight, None) for weight in weights]
    if len(sizes) > 1:
        raise LawError(f"the views are of images of different sizes: {', '.join(map(_size, sorted(sizes)))}")
    [size] = sizes
    weighted = [
        torch.full(size, weight, dtype=torch.float64) if share is None else share.double() * weight
        for share, weight in zip(maps, weights, strict=True)
    ]
    whole = torch.stack(weighted).sum(0)
    if float(whole.min()) <= 0:
        raise LawError(_uncovered(whole))
    shares = [share / whole for share in weighted]
    if all(bool((share == share[0, 0]).all()) for share in shares):
        return [(float(share[0, 0]), None) for share in shares]
    return [(1.0, Shared(view, share, len(views))) for view, share in zip(views, shares, strict=True)]


def gain(before: Map, whole: Map, seen: Tensor) -> float:
    """How many times longer ``before`` makes an image of which it shows everything: 1 for a view.

    Arguments:
        before: Shows a part.
        whole: Its transpose.
        seen: What it has shown of some image.
    """
    import torch

    image = whole(torch.randn(seen.shape, generator=torch.Generator().manual_seed(2), dtype=seen.dtype))
    return float(before(image).norm() / image.norm())


def shown_shape(view: View, shape: Shape) -> Shape:
    """(C, H, W) of what a view shows of images of ``shape``."""
    import torch

    shown = view.apply(torch.zeros(1, *shape))
    must_be_images(shown, view, "apply")
    channels, height, width = shown.shape[1:]
    return channels, height, width


def _size(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))


def _uncovered(whole: Tensor) -> str:
    """Sentence about places that nothing is shown of."""
    rows, columns = (whole <= 0).nonzero().unbind(1)
    top, bottom, left, right = (int(f()) for f in (rows.min, rows.max, columns.min, columns.max))
    return (
        f"no view shows rows {top} to {bottom}, columns {left} to {right} of the {_size(tuple(whole.shape))} canvas: "
        "add one that does, or move those that are there"
    )
