r"""Iterative latent variable refinement (ILVR, Choi et al. 2021, arXiv 2108.02938).

After every step the coarse part of the state becomes that of a reference with noise of the same level,

.. math:: x_s \leftarrow x_s - \phi(x_s) + \phi(\alpha_s y + \sigma_s \xi)

with :math:`\phi` what is left of an image that is scaled down by N and up again, bicubically. The program noises the
reference to the level before the step, which is one too many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import (
    Canvas,
    Constraint,
    Edit,
    Fit,
    Plan,
    Problem,
    Rule,
    bicubic_matrix,
    fit_option,
    option,
    read_image,
    refuse,
    resizer_option,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class ILVR(Constraint):
    """Paints images that look like a reference from afar: their coarse part is its, the rest the network's.

    The larger the factor the coarser is what is kept: at 32 of 256 pixels little more than colours. Noise lets the two
    agree, so that a stochastic scheduler is needed.
    """

    kind = "ilvr"
    papers = ("arXiv 2108.02938",)
    needs = frozenset({"stochastic"})
    image: Path = option(doc="the reference")
    factor: int = option(4, doc="N: what is left of the image scaled down so many times is kept", ge=2)
    share: float = option(1.0, doc="share of the steps, the first ones, after which it is put in", gt=0, le=1)
    fit: str = fit_option()
    resizer: str = resizer_option()

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A file that can't be read, or a factor that does not divide the size."""
        yield from Problem.caught("image", lambda: self._picture(canvas))
        _, height, width = canvas.shape
        if height % self.factor or width % self.factor:
            known = [n for n in range(2, min(height, width) + 1) if height % n == 0 == width % n]
            cure = f"write one of {', '.join(map(str, known[:8]))}" if known else ""
            yield Problem("factor", f"{self.factor} does not divide states of {height}x{width}", cure)

    def bind(self, canvas: Canvas) -> Rule:
        """The file as a tensor."""
        refuse(self.problems(canvas))
        known = canvas.state_of(self._picture(canvas))
        return Refined(known=known, factor=self.factor, share=self.share)

    def _picture(self, canvas: Canvas) -> Tensor:
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(kw_only=True, eq=False)
class Refined(Rule):
    """ILVR with its tensor at hand; for Python, where there are no files.

    Attributes:
        known: The reference as a state, shape (C, H, W) or (N, C, H, W).
        factor: N.
        share: Share of the steps after which it is put in.
        last: Place of the last level in the plan at which it is put in.
    """

    kind = "ilvr"
    needs = frozenset({"stochastic"})
    known: Tensor
    factor: int = 4
    share: float = 1.0
    last: float = math.inf
    _matrices: tuple[Tensor, Tensor] = attrs.field(init=False)

    @_matrices.default
    def _find_matrices(self) -> tuple[Tensor, Tensor]:
        import torch

        def both(size: int) -> Tensor:
            small = size // self.factor
            return torch.from_numpy(bicubic_matrix(small, size) @ bicubic_matrix(size, small)).to(self.known)

        return both(self.known.shape[-2]), both(self.known.shape[-1]).T

    def along(self, plan: Plan) -> Refined:
        """The same for that plan."""
        return attrs.evolve(self, last=self.share * plan.steps)

    def after(self, x: Tensor, there: NoiseLevel, noise: StepNoise) -> Edit:
        """The state with the coarse part of the reference."""
        if there.sigma == 0 or there.index > self.last:
            return Edit(x, jumped=False)
        known = (noise() * there.sigma).add_(self.known.to(x), alpha=there.alpha)
        return Edit(x + self.coarse(known - x))

    def coarse(self, x: Tensor) -> Tensor:
        """Low-pass part of images (N, C, H, W) scaled down and up again."""
        import torch

        rows, columns = self._matrices
        # One at a time: a product of matrices may sum in another order when there are more of them.
        return torch.stack([rows @ image @ columns for image in x])
