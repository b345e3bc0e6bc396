"""Colour: one thing in a grey print, another in colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Decomposition, Problem

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture, Shape


@attrs.frozen(kw_only=True)
class Colour(Decomposition):
    """The grey image shows one thing, its colours another.

    Grey is the plain mean of the channels. Both parts are orthogonal projections: taking a part twice changes nothing.
    """

    kind = "colour"
    papers = ("arXiv 2404.11615",)
    names = ("grey", "colour")

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean of the channels in every channel, and what it leaves of the image."""
        grey = _grey(x)
        return grey.expand_as(x), x - grey

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """The grey part alone needs no difference."""
        if name == "grey":
            return lambda x: _grey(x).expand_as(x)
        return super().part(name)

    def shown(self, image: Picture, name: str) -> Picture:
        """The same of a picture."""
        grey: Picture = np.broadcast_to(image.mean(0), image.shape).copy()
        return grey if name == "grey" else image - grey

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """One channel has no colour."""
        if shape[0] == 1:
            what = "colour takes channels apart, and these images have only one"
            yield Problem("", what, "use a model of colour images, or hybrid")


def _grey(x: Tensor) -> Tensor:
    # Added one by one: a reduction may order its sum by the number of images, and with it their last bits.
    first, *rest = x.unbind(-3)
    total = first.clone()
    for channel in rest:
        total.add_(channel)
    return total.div_(len(rest) + 1).unsqueeze(-3)
