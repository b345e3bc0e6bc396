"""A wide canvas as a row of letters: the columns of N pictures as N times as many pictures, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Shape


def wide(shape: Shape, letters: int) -> Shape:
    """(C, H, W) of so many pictures beside each other."""
    channels, height, width = shape
    return channels, height, width * letters


def apart(x: Tensor, letters: int) -> Tensor:
    """Each column by itself, those of a row together: (N, C, H, n W) to (N n, C, H, W)."""
    # Contiguous, so that networks go the same way, and give the same bits, as for a letter alone.
    letter: Tensor = x.unflatten(-1, (letters, -1)).movedim(-2, 1).flatten(0, 1).contiguous()
    return letter


def beside(x: Tensor, letters: int) -> Tensor:
    """The columns beside each other again: (N n, C, H, W) to (N, C, H, n W)."""
    canvas: Tensor = x.unflatten(0, (-1, letters)).movedim(1, -2).flatten(-2).contiguous()
    return canvas
