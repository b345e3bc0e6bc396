"""Several views, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Problem, RecipeError, View, option, problems_of

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture, Shape, Stacking


@attrs.frozen(kw_only=True)
class Chain(View):
    """Views in a row: the second shows what the first shows of the image, and so on."""

    kind = "chain"
    papers = ("arXiv 2311.17919",)
    views: tuple[View, ...] = option(doc="the views, the first that is applied first: tables with their kinds")

    def __attrs_post_init__(self) -> None:
        """Refuse a chain of nothing."""
        if not self.views:
            raise RecipeError("views is empty: name the views of the chain, or use identity")

    @property
    def joined(self) -> frozenset[int]:
        """The axes that any of them joins."""
        return frozenset().union(*(view.joined for view in self.views))

    @property
    def partial(self) -> bool:
        """True where any of them shows a part."""
        return any(view.partial for view in self.views)

    def apply(self, x: Tensor) -> Tensor:
        """Each applied to what the one before shows."""
        for view in self.views:
            x = view.apply(x)
        return x

    def invert(self, x: Tensor) -> Tensor:
        """Each undone, the last one first."""
        for view in reversed(self.views):
            x = view.invert(x)
        return x

    def apply_to_variance(self, variance: Tensor) -> Tensor:
        """Likewise, as each treats a variance."""
        for view in reversed(self.views):
            variance = view.apply_to_variance(variance)
        return variance

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """One of them on its way, of what those before it show."""
        passed = min(int(u * len(self.views)), len(self.views) - 1)
        for view in self.views[:passed]:
            image = view.frame(image, 1.0)
        return self.views[passed].frame(image, u * len(self.views) - passed, zoom)

    def stacking(self, height: int, width: int) -> Stacking | None:
        """The sheets of the first, as those after it lay them; None where any shows what sheets can't."""
        first, *others = self.views
        stacking, shown = first.stacking(height, width), _shown(first, (1, height, width))
        for view in others:
            if stacking is None:
                return None
            stacking, shown = stacking.then(view.stacking(*shown[1:])), _shown(view, shown)
        return stacking

    def windows(self, shape: Shape) -> tuple[View, ...]:
        """A chain for each part that a network is to see."""
        chains: list[tuple[tuple[View, ...], Shape]] = [((), shape)]
        for view in self.views:
            chains = [
                ((*before, window), _shown(window, seen)) for before, seen in chains for window in view.windows(seen)
            ]
        return tuple(attrs.evolve(self, views=views) for views, _ in chains)

    def share(self) -> Tensor | None:
        """The share of each, carried to the image by those before it."""
        share = None
        for view in reversed(self.views):
            outer = None if share is None else view.apply_to_variance(share[None, None])[0, 0]
            own = view.share()
            share = own if outer is None else outer if own is None else own * outer
        return share

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Problems of the first one that can't show what the ones before show."""
        image: Picture = np.zeros(shape)
        for i, view in enumerate(self.views):
            channels, height, width = image.shape
            if found := problems_of(view.problems, (channels, height, width)):
                yield from (problem.inside("views", i) for problem in found)
                return
            image = view.frame(image, 1.0)

    def scaled(self, factor: float) -> Chain:
        """The same views of an image ``factor`` times as large."""
        return attrs.evolve(self, views=tuple(view.scaled(factor) for view in self.views))


def _shown(view: View, shape: Shape) -> Shape:
    channels, height, width = view.frame(np.zeros(shape), 1.0).shape
    return channels, height, width
