"""Regions: each place of the image belongs to one thing, or in shares to several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Decomposition, Problem, RecipeError, digest, option, read_picture
from superpose_decompositions.soft_edges import shares_of

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose import Picture, Shape


@attrs.frozen(kw_only=True)
class Regions(Decomposition):
    """A picture says what is painted where: one prompt for each of its colours.

    Without ``colours`` the picture is grey: its white shows one thing and its black another, and greys blend them. With
    a list of colours each is a region (``region-0``, ``region-1``, ...); every pixel of the picture belongs to the one
    that is nearest to it, and where edges are drawn softly to both sides in shares, never to a third colour between
    them. The picture may have any size of the image's shape: where it is larger, places that lie across a border belong
    to both sides in shares. The network sees the whole image all the time, so that regions grow together.
    """

    kind = "regions"
    papers = ("arXiv 2302.08113", "arXiv 2404.11615")
    picture: Path = option(doc="the picture of the regions: PNG, JPEG, WebP, GIF or BMP")
    colours: tuple[str, ...] = option((), doc='colour of each region, such as "#ff0000"; black and white if not given')

    def __attrs_post_init__(self) -> None:
        """Refuse colours that are none, or that are the same."""
        if self.colours and len(set(map(_rgb, self.colours))) < max(2, len(self.colours)):
            raise RecipeError(f"colours must be two or more that differ, got {', '.join(self.colours)}")

    @property
    def names(self) -> tuple[str, ...]:
        """``white`` and ``black``, or a name for each colour in their order."""
        return tuple(f"region-{i}" for i in range(len(self.colours))) or ("white", "black")

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The image in each region, and 0 elsewhere."""
        return tuple(x * share for share in self._shares(x))

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """A region alone needs one product."""
        super().part(name)  # a name that there is
        number = self.names.index(name)
        return lambda x: x * self._shares(x)[number]

    def shown(self, image: Picture, name: str) -> Picture:
        """The picture in one region."""
        height, width = image.shape[-2:]
        share = _table(self, digest(self.picture), height, width)[self.names.index(name)]
        region: Picture = image * share
        return region

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A picture that can't be read, has another shape, or lacks a region."""
        _, height, width = shape
        try:
            shares = _table(self, digest(self.picture), height, width)
        except RecipeError as error:
            yield Problem.of(error, "picture")
            return
        for name, share in zip(self.names, shares, strict=True):
            if not share.any():
                what = f"{self.picture} has no place that belongs to {name}"
                yield Problem("picture", what, "paint some, or leave it out")

    def _shares(self, x: Tensor) -> Tensor:
        """The share of each region, shape (regions, 1, H, W), summing to 1."""
        return _on_device(self, digest(self.picture), x.shape[-2], x.shape[-1], x.device, x.dtype)


def _rgb(colour: str) -> tuple[int, ...]:
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(colour)[:3]
    except ValueError as error:
        raise RecipeError(f"{colour!r} is no colour: write it as #rrggbb or by its name in CSS") from error


@lru_cache(maxsize=32)
def _on_device(
    regions: Regions, content: str, height: int, width: int, device: torch.device, dtype: torch.dtype
) -> Tensor:
    import torch  # plugins import no torch until they are used

    return torch.from_numpy(_table(regions, content, height, width)).to(device, dtype).unsqueeze(1)


@lru_cache(maxsize=32)
def _table(regions: Regions, content: str, height: int, width: int) -> NDArray[np.float64]:
    """The share of each region in each place, shape (regions, H, W), summing to 1.

    Raises:
        RecipeError: If the picture can't be read, or has another shape.
    """
    del content  # a file that has changed is read again
    pixels = read_picture(regions.picture).astype(np.float64)
    tall, wide = pixels.shape[:2]
    if tall * width != wide * height:
        raise RecipeError(
            f"{regions.picture}: is {tall}x{wide} (height x width), and the image {height}x{width}: crop it to "
            "that shape"
        )
    if regions.colours:
        known = np.array([_rgb(colour) for colour in regions.colours], np.float64)
        shares = shares_of(pixels, known)
    else:
        white = pixels.mean(-1) / 255
        shares = np.stack([white, 1 - white])
    return _resized(_resized(shares, 1, height), 2, width)


def _resized(shares: NDArray[np.float64], axis: int, size: int) -> NDArray[np.float64]:
    """Shares averaged over the places of another grid: each new place is the mean of what it covers."""
    old = shares.shape[axis]
    edges = np.linspace(0, old, size + 1)
    total = np.concatenate([np.zeros_like(shares.take([0], axis)), shares.cumsum(axis)], axis)
    below = np.minimum(edges.astype(int), old - 1)
    at = total.take(below, axis) + shares.take(below, axis) * (edges - below).reshape(
        [-1 if i == axis else 1 for i in range(3)]
    )
    means: NDArray[np.float64] = np.diff(at, axis=axis) * (size / old)
    return means
