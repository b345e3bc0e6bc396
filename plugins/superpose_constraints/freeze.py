r"""Freezing one part of an image, and painting the rest (the inverse problems of Factorized Diffusion).

With the part F that is known and the image y it is known of, the clean image at every level becomes

.. math:: D(x) \leftarrow F y + (1 - F)\, D(x)

which leaves the noise in x as it is, so that it is right for every decomposition, and at the end the part is y's. The
original puts the part into the state instead, with noise of its own: :math:`x \leftarrow F(\alpha y + \sigma \xi) +
(1 - F)\, x`. That is right where F is a projection. Where it is none, as a blur, the two noises have too little
variance together: half of it where F halves a frequency.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import (
    Canvas,
    Constraint,
    Decomposition,
    Edit,
    Fit,
    Problem,
    RecipeError,
    Rule,
    fit_option,
    option,
    problems_of,
    read_image,
    refuse,
    resizer_option,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from superpose import NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class Freeze(Constraint):
    """Keeps one part of an image, and paints the others: a grey photograph becomes coloured, a blurred one sharp.

    The part is one of a decomposition: ``grey`` of ``colour``, ``low`` of ``hybrid``, a band of ``laplacian``. What the
    recipe shows is painted into all others, and the picture has that part of the image at the end.
    """

    kind = "freeze"
    papers = ("arXiv 2404.11615",)
    image: Path = option(doc="the image that the part is of")
    decomposition: Decomposition = option(doc="how images are taken apart: a table with its kind")
    part: str | None = option(None, doc="name of the part that is kept; the first one when not given")
    noise: str = option(
        "own",
        doc="own: the clean image is given the part, whatever noise there is; fresh: the state is given it with new "
        "noise at every level, as published, which is right for projections",
        choices=("own", "fresh"),
    )
    fit: str = fit_option()
    resizer: str = resizer_option()

    def __attrs_post_init__(self) -> None:
        """Refuse a part that there is not."""
        if self.part is not None and self.part not in self.decomposition.names:
            names = ", ".join(self.decomposition.names)
            raise RecipeError(f"part is {self.part!r}, and the parts of {self.decomposition.kind} are {names}")

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A file that can't be read, or such an image that can't be taken apart."""
        for problem in problems_of(self.decomposition.problems, canvas.shape):
            yield problem.inside("decomposition")
        yield from Problem.caught("image", lambda: self._picture(canvas))

    def bind(self, canvas: Canvas) -> Rule:
        """The file as a tensor."""
        refuse(self.problems(canvas))
        known = canvas.state_of(self._picture(canvas))
        frozen = FrozenAnew if self.noise == "fresh" else Frozen
        return frozen(known=known, part=self.decomposition.part(self.part or self.decomposition.names[0]))

    def _picture(self, canvas: Canvas) -> Tensor:
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(kw_only=True, eq=False)
class Frozen(Rule):
    """A frozen part with its tensor at hand; for Python, where there are no files.

    Attributes:
        known: The state that the part is of, shape (C, H, W): a picture in [-1, 1], or its latent.
        part: F, of states (N, C, H, W).
    """

    kind = "freeze"
    known: Tensor
    part: Callable[[Tensor], Tensor]

    def on_clean(self, clean: Tensor, here: NoiseLevel) -> Edit:
        """The clean image with the part that is known: no jump, since it changes smoothly with the state."""
        del here
        return Edit(clean + self.part(self.known.to(clean) - clean), jumped=False)


@attrs.frozen(kw_only=True, eq=False)
class FrozenAnew(Rule):
    """The same with the part in the state, noised anew at every level, and as it is where no noise is left."""

    kind = "freeze"
    optimised = True
    known: Tensor
    part: Callable[[Tensor], Tensor]

    def before(self, x: Tensor, here: NoiseLevel, noise: StepNoise) -> Edit:
        """The state with the part that is known, noised to the level ``here``."""
        known = (noise() * here.sigma).add_(self.known.to(x), alpha=here.alpha)
        return Edit(x + self.part(known - x))

    def after(self, x: Tensor, there: NoiseLevel, noise: StepNoise) -> Edit:
        """The part as it is known, at the end."""
        del noise
        return Edit(x if there.sigma else x + self.part(self.known.to(x) - x), jumped=False)
