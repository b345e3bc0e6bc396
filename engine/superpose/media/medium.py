"""Media: what an image is besides a picture, such as a sound whose spectrogram it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from superpose.estimate.problem import Problem
    from superpose.estimate.tensors import Shape


class Medium(Kind, ABC):
    """A medium that images are written in, too: a file beside each. Kinds are frozen attrs classes.

    Attributes:
        suffix: End of the name of the file, whose stem is the image's: ``.wav``.
        mime: Type of its content; galleries have a player for ``audio/...``.
    """

    role: ClassVar[str] = "medium"
    suffix: ClassVar[str]
    mime: ClassVar[str]

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """Problems with images of that size (C, H, W); none where they can be written. Asked before any is made."""
        del shape
        return ()

    @abstractmethod
    def described(self, shape: Shape) -> str:
        """What comes of an image of that size (C, H, W), in a few words: ``2.05 s of sound``."""

    @abstractmethod
    def encoded(self, pixels: NDArray[np.uint8], origin: str) -> bytes:
        """The content of the file.

        A function of its arguments alone: the same image is the same bytes, in whatever run.

        Arguments:
            pixels: The image as its PNG file has it, shape (H, W, C); C is 1 or 3.
            origin: Where it comes from, as one line of JSON, to be kept inside where the format has room.
        """
