"""A jigsaw that somebody drew: pieces of one colour each, exchanged with those that have the same shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from superpose import Problem, RecipeError, Shape, digest, option, read_picture
from superpose_views.permutation import Indices, Permutation, places, shuffled

#: Colours that a drawing may have: more are a photograph.
MOST = 1024


@attrs.frozen(kw_only=True)
class Pieces(Permutation):
    """Takes the image apart along a drawing, and puts each piece where another one of the same shape was.

    A piece is all that the drawing paints in one colour. It takes the place of a piece that is the same but for a shift
    and a turn by right angles; one that is like no other turns on the spot if it looks the same then, or else stays.
    Drawings are of the image's size, or such that a whole number of pixels of one is a pixel of the other.
    """

    kind = "pieces"
    papers = ("arXiv 2311.17919",)
    picture: Path = option(doc="the drawing, flat colours without smoothed edges: PNG, GIF, BMP or lossless WebP")
    seed: int = option(0, doc="number of the exchange", ge=0)

    def sources(self, height: int, width: int) -> Indices:
        """Places in the first picture of each pixel of the second."""
        there = places(height, width).reshape(-1).copy()
        for mine, moved in _moves(self.picture, digest(self.picture), self.seed, height, width):
            there[mine] = moved
        return there

    def cut(self, height: int, width: int) -> Indices:
        """The pieces of the drawing."""
        return _labels(self.picture, height, width)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A drawing of another size, or one in which nothing can move."""
        _, height, width = shape
        try:
            moves = _moves(self.picture, digest(self.picture), self.seed, height, width)
        except RecipeError as error:
            yield Problem.of(error, "picture")
        else:
            if not moves:
                what = f"no piece of {self.picture} has the shape of another one, so none can move"
                yield Problem("picture", what, "draw some alike")


@lru_cache(maxsize=16)
def _moves(path: Path, content: str, seed: int, height: int, width: int) -> tuple[tuple[Indices, Indices], ...]:
    """For each piece that moves, the places where it comes to lie, and those where its pixels were."""
    del content  # a file that has changed is read again
    labels = _labels(path, height, width)
    alike: dict[tuple[tuple[int, int], bytes], list[_Placed]] = {}
    for label in range(int(labels.max()) + 1):
        for turns in range(4):
            placed = _Placed.of(labels == label, turns)
            if placed.shape in alike:
                alike[placed.shape].append(placed)
                break
        else:
            placed = _Placed.of(labels == label, 0)
            alike[placed.shape] = [placed]
    moves: list[tuple[Indices, Indices]] = []
    for pieces in alike.values():
        order = shuffled(len(pieces), seed + len(moves)).tolist()
        for here, there in zip(order, order[1:] + order[:1], strict=True):
            if len(pieces) > 1:
                moves.append((pieces[here].pixels, pieces[there].pixels))
            elif turned := _on_the_spot(pieces[0], labels):
                moves.append(turned)
    return tuple(moves)


@attrs.frozen(eq=False)
class _Placed:
    """A piece as it would lie after some quarter turns.

    Attributes:
        shape: What it looks like then: equal for pieces that can take each other's place.
        pixels: Its places in the picture, in the order of that look.
    """

    shape: tuple[tuple[int, int], bytes]
    pixels: Indices

    @classmethod
    def of(cls, mask: NDArray[np.bool_], turns: int) -> _Placed:
        """The piece of ``mask``, turned."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        look = np.rot90(mask[window], turns)
        pixels = np.rot90(places(*mask.shape)[window], turns)[look]
        return cls(((look.shape[0], look.shape[1]), look.tobytes()), pixels)


def _on_the_spot(piece: _Placed, labels: Indices) -> tuple[Indices, Indices] | None:
    """A piece turned where it lies, by half a turn rather than a quarter; None where it looks another way then."""
    mask = np.zeros(labels.shape, bool)
    mask.reshape(-1)[piece.pixels] = True
    if len(piece.pixels) == 1:
        return None
    for turns in (2, 1):
        turned = _Placed.of(mask, turns)
        if turned.shape == piece.shape:
            return piece.pixels, turned.pixels
    return None


def _labels(path: Path, height: int, width: int) -> Indices:
    """The number of the piece at each pixel of the image."""
    pixels = read_picture(path).astype(np.int64)
    colours, labels = np.unique((pixels * (65536, 256, 1)).sum(-1), return_inverse=True)
    if len(colours) > MOST:
        raise RecipeError(
            f"{path} has {len(colours)} colours, and at most {MOST} pieces are cut: draw flat colours without "
            "smoothed edges, and save it without loss"
        )
    labels = labels.reshape(pixels.shape[:2])
    tall, wide = pixels.shape[:2]
    if height % tall == 0 and height * wide == width * tall:
        times = height // tall
        return labels.repeat(times, 0).repeat(times, 1)
    if tall % height == 0 and height * wide == width * tall:
        times = tall // height
        small = labels[::times, ::times]
        if np.array_equal(small.repeat(times, 0).repeat(times, 1), labels):
            return small
    raise RecipeError(
        f"{path} is {tall}x{wide} (height x width), and the image {height}x{width}: draw it in that size, since shapes "
        "that fit each other do not survive scaling"
    )
