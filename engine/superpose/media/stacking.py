"""Sheets of paper or film that are laid on each other: what prime images to print are made from."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

#: How a layer lies, by its quarter turns against the clock.
TURNED = ("as it is", "a quarter turn against the clock", "upside down", "a quarter turn with the clock")


@attrs.frozen
class Layer:
    """A sheet that lies in a stack.

    Attributes:
        sheet: Its number, from 0.
        turns: Quarter turns against the clock that it has made, from 0 to 3, after it was turned over.
        mirrored: Whether it was turned over, its left side to the right, and is seen from behind.
    """

    sheet: int
    turns: int = 0
    mirrored: bool = False

    def laid(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The sheet as it lies, shape (..., H, W)."""
        return np.rot90(np.flip(picture, -1) if self.mirrored else picture, self.turns, (-2, -1))

    def then(self, turns: int, *, mirrored: bool) -> Layer:
        """The layer after the stack has been turned over, or not, and then turned."""
        before = -self.turns if mirrored else self.turns
        return Layer(self.sheet, (before + turns) % len(TURNED), self.mirrored != mirrored)

    def __str__(self) -> str:
        """Its place and turn in words: ``sheet 2, turned over, upside down``."""
        how = ["turned over left to right"] if self.mirrored else []
        if self.turns or not how:
            how.append(TURNED[self.turns])
        return f"sheet {self.sheet + 1}, {', '.join(how)}"


@attrs.frozen
class Stacking:
    """An image whose equal parts, one below the other, are sheets, and how they are laid on each other.

    Attributes:
        sheets: How many sheets the image is.
        layers: Those that lie there, the lowest first, each sheet once.
    """

    sheets: int
    layers: tuple[Layer, ...]

    @property
    def sheer(self) -> bool:
        """True where light has to go through sheets: several lie on each other, or one is seen from behind."""
        return len(self.layers) > 1 or any(layer.mirrored for layer in self.layers)

    def then(self, other: Stacking | None) -> Stacking | None:
        """This one looked at as another says, which takes it for one sheet; None where it does not."""
        if other is None or other.sheets != 1:
            return None
        [whole] = other.layers
        layers = [layer.then(whole.turns, mirrored=whole.mirrored) for layer in self.layers]
        return Stacking(self.sheets, tuple(reversed(layers) if whole.mirrored else layers))
