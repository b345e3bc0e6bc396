r"""Views: orthogonal changes of what an image shows.

A view V is linear and orthogonal at every size used, :math:`V^\top V = I`, so that white noise stays white and
the mean of :math:`V_i^\top d_i(V_i x)` is a lawful mix (Visual Anagrams, arXiv 2311.17919).
``invert(apply(x)) == x`` alone proves nothing: a gain of 1.5 passes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.problem import Problem
    from superpose.estimate.tensors import Map, Shape
    from superpose.media.cutting import Cutting
    from superpose.media.frames import Picture
    from superpose.media.stacking import Stacking


class View(Kind, ABC):
    """An orthogonal view. Kinds are frozen attrs classes, compared by value: equal views show one tensor."""

    role: ClassVar[str] = "view"

    @abstractmethod
    def apply(self, x: Tensor) -> Tensor:
        """Show images ``x``, shape (N, C, H, W), through the view: a new tensor (or ``x`` itself, unchanged)."""

    @abstractmethod
    def invert(self, x: Tensor) -> Tensor:
        """The images of which the view shows ``x``: the transpose of `apply`."""

    def apply_to_variance(self, variance: Tensor) -> Tensor:
        """Move a variance with its pixels, as `invert` does; override where a view does more than that."""
        return self.invert(variance)

    def windows(self, shape: Shape) -> Sequence[View]:
        """The views that it consists of, for images of that size (C, H, W): itself, unless it shows parts of them.

        A kind that shows a part can't know from that alone how large the whole was, and `invert` has to give the whole:
        it returns views that do know, one for each part that a network is to see. Each of them is orthogonal in the
        other direction, ``apply(invert(y)) == y``, and says by `share` where it shows anything.
        """
        del shape
        return (self,)

    @property
    def partial(self) -> bool:
        """True where it shows a part of an image that is to be looked at as a whole, too."""
        return False

    @property
    def joined(self) -> frozenset[int]:
        """Axes along which what it shows of an image has no edge: -2 for top to bottom, -1 for left to right."""
        return frozenset()

    def share(self) -> Tensor | None:
        """How much its word counts at each place of the image, shape (H, W), float64, from 0; None for 1 everywhere.

        Where several views show a place, each has its share of the sum there. One that shows a part says 0 elsewhere.
        """
        return None

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """Problems of images of that size (C, H, W) with such a view; none where they have one."""
        del shape
        return ()

    def scaled(self, factor: float) -> View:
        """The same view of an image ``factor`` times as large; override where an option counts pixels."""
        del factor
        return self

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """A picture on its way to what the view shows of it, for animations: a cross-fade, unless overridden.

        Override it where pixels travel, in NumPy alone: then `superpose animate` needs no torch for it.

        Arguments:
            image: What is looked at, shape (C, H, W), float64; it is not written to.
            u: How far on the way, from 0, the image itself, to 1, exactly what `apply` shows.
            zoom: The frame is so many times as large; at both ends each pixel is a square of ``zoom`` pixels a side.

        Returns:
            Shape (C, H * zoom, W * zoom), float64. Paper that shows is 1. Where what the view shows has another shape
            than the image, a frame has either.
        """
        # Whoever inherits from a view is held to be light to import.
        from superpose.media.frames import enlarged, faded

        if u == 0:
            return enlarged(image, zoom)
        import torch  # no torch is brought in before it is used

        shown: Picture = self.apply(torch.from_numpy(image.copy())[None])[0].numpy()
        if shown.shape != image.shape:
            return enlarged(image if u < 0.5 else shown, zoom)
        return faded(enlarged(image, zoom), enlarged(shown, zoom), u)

    def cutting(self, height: int, width: int, zoom: int = 1) -> Cutting | None:
        """The pieces that a picture of that size is cut into and where they go, for puzzles; None where it is not cut.

        Override it, in NumPy alone, where pixels travel as pieces that scissors could part.

        Arguments:
            height: Of the picture.
            width: Of the picture.
            zoom: The pieces are to be known so many times as finely.
        """
        del height, width, zoom
        return None

    def stacking(self, height: int, width: int) -> Stacking | None:
        """The sheets that a picture of that size is, and how they lie where it is seen so; None where it is none.

        Override it where sheets that are printed whole show what the view shows: turned, turned over, on each other.

        Arguments:
            height: Of the picture.
            width: Of the picture.
        """
        del height, width
        return None

    def maps(self) -> tuple[Map, Map, Map]:
        """The triple (apply, invert, apply_to_variance) as a `Term` takes it."""
        return self.apply, self.invert, self.apply_to_variance
