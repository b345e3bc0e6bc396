r"""Decompositions: an image as a sum of parts (Factorized Diffusion, arXiv 2404.11615).

The parts :math:`F_i` are linear and sum to the identity, so that part i of the sample is driven by denoiser i alone.
They need not be orthogonal: networks always see the whole image.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from superpose.errors import LawError
from superpose.estimate.blame import article, blamed
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.problem import Problem
    from superpose.estimate.tensors import Shape
    from superpose.media.frames import Picture


class Decomposition(Kind, ABC):
    """A way to take images apart. Kinds are frozen attrs classes."""

    role: ClassVar[str] = "decomposition"

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the parts, in the order of `split`; each is a key of the recipe's table.

        A tuple in the class, or a property where the names depend on the options.
        """

    @abstractmethod
    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The parts of images ``x``, shape (N, C, H, W): one tensor a name, summing to ``x``."""

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """The map F of one part; override where a part alone is cheaper than all of them."""
        if name not in self.names:
            raise LawError(f"{self.kind} has no part {name!r}; its parts are {', '.join(self.names)}")
        index = self.names.index(name)
        return lambda x: self._all_of(x)[index]

    def _all_of(self, x: Tensor) -> tuple[Tensor, ...]:
        """Parts that `split` makes, known to be a tensor for each name."""
        parts: object = self.split(x)
        if not isinstance(parts, tuple | list) or len(parts) != len(self.names):
            got = f"{article(parts)} of {len(parts)}" if isinstance(parts, tuple | list) else article(parts)
            names = ", ".join(self.names)
            blamed(self, "split", f"returns {got}, and must return a tuple of a tensor for each of {names}")
        return tuple(parts)

    def analysis(self, x: Tensor) -> tuple[Tensor, ...]:
        """The coefficients of each part: the parts themselves, unless they have fewer values than the image has.

        Override it with `synthesis` where they do, as the levels of a pyramid: lengths are then those of the levels.
        """
        return self._all_of(x)

    def synthesis(self, coefficients: Sequence[Tensor]) -> Tensor:
        """The images of those coefficients, one tensor a name: a linear map that takes `analysis` back."""
        total = coefficients[0]
        for part in coefficients[1:]:
            total = total + part
        return total

    def shown(self, image: Picture, name: str) -> Picture:
        """One part of a picture (C, H, W), float64, for animations; override it in NumPy, so that it needs no torch."""
        import torch  # no torch is brought in before it is used

        part: Picture = self.part(name)(torch.from_numpy(image.copy())[None])[0].numpy()
        return part

    def distance(self, name: str) -> float | None:
        """How many times as far away as from close by a part is seen in the whole image; None where it is not seen so.

        An animation goes away to such a part, and fades to any other.
        """
        del name
        return None

    def scaled(self, factor: float) -> Decomposition:
        """The same parts of an image ``factor`` times as large; override where an option counts pixels."""
        del factor
        return self

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """Problems of taking images of that size (C, H, W) apart; none where they can be."""
        del shape
        return ()
