"""Arrangements: views that are no linear maps, such as that of transparencies which lie on each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NoReturn, final

from superpose.errors import LawError
from superpose.estimate.view import View

if TYPE_CHECKING:
    from torch import Tensor


class Arrangement(View, ABC):
    """A view that torch can differentiate, and that need not be linear: Diffusion Illusions' arrangements.

    What a network says of what it shows has no way back to a noisy state, so that only schedulers which optimise clean
    images can follow it; others are refused. Kinds are frozen attrs classes, as all views.
    """

    @abstractmethod
    def apply(self, x: Tensor) -> Tensor:
        """Show clean images ``x``, shape (N, C, H, W) in [-1, 1], as one of the size that a network sees, likewise."""

    def shaken(self, x: Tensor, noise: Tensor) -> Tensor:
        """The same as a step of the optimiser looks at it, which may be by chance: such as printed badly.

        Arguments:
            x: Clean images, as of `apply`.
            noise: Unit normal numbers of each sample, shaped as ``x``, all the chance there is.
        """
        del noise
        return self.apply(x)

    @final
    def invert(self, x: Tensor) -> NoReturn:
        """Refuse: there is no way back.

        Raises:
            LawError: Always.
        """
        del x
        raise LawError(f"{self.kind} is no linear map and has no inverse: use a scheduler that optimises")
