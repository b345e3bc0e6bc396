"""Operators that see some places of an image and not the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, Problem, RecipeError, option, read_mask

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import LinearOperator, Shape


@attrs.frozen(kw_only=True)
class Mask(Operator):
    """The image where the mask is black; grey where it is white, which is to be painted.

    That is the convention of `inpaint`: white is painted anew, black is what is known.
    """

    kind = "mask"
    mask: Path = option(doc="an image of the model's size: black is observed, white is not")

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """A file that can't be read, has another size, or says that nothing is observed."""
        return Problem.caught("mask", lambda: self._painted(shape))

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The file as a tensor."""
        from superpose_operators.bound.masked import Masked

        return Masked(shape, (1 - self._painted(shape)).to(device).expand(shape))

    def _painted(self, shape: Shape) -> Tensor:
        mask = read_mask(self.mask, shape[1:])
        if bool((mask == 1).all()):
            raise RecipeError(f"{self.mask}: this mask is white throughout: make black what is observed")
        return mask


@attrs.frozen(kw_only=True)
class RandomMask(Operator):
    """Pixels at random, all their channels; grey where none is observed.

    The pixels depend on the seed and the size of the image alone.
    """

    kind = "random-mask"
    share: float = option(0.2, doc="share of the pixels that are observed", gt=0, le=1)
    seed: int = option(0, doc="which pixels", ge=0)

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The pixels, at least one."""
        import torch

        from superpose_operators.bound.masked import Masked

        count = shape[1] * shape[2]
        order = np.random.Generator(np.random.Philox(key=self.seed)).permutation(count)
        seen = torch.zeros(count)
        seen[torch.from_numpy(order[: max(1, round(self.share * count))])] = 1
        return Masked(shape, seen.view(1, *shape[1:]).to(device).expand(shape))
