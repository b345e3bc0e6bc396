r"""SDEdit: start late, from an image with noise on it (arXiv 2108.01073)."""

from __future__ import annotations

from collections.abc import Iterable
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
    fit_option,
    option,
    read_image,
    resizer_option,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import StepNoise


@attrs.frozen(kw_only=True)
class SDEdit(Constraint):
    r"""Paints over an image: strokes become a picture, a picture another one.

    The image is noised to a level on the way, :math:`x_t = \alpha_t x_{image} + \sigma_t \epsilon`, and sampling goes
    on from there. Of the plan's n steps the last ``strength * n`` are made, rounded, and at least one. A little
    strength keeps the image nearly as it is; at 1 every step is made and little of it is left. With ``repeats`` what
    came out is noised to that level and painted over again, as the program does three times. To keep a part of the
    image exactly, put `inpaint` beside it, with the same image and a mask.
    """

    kind = "sdedit"
    papers = ("arXiv 2108.01073",)
    image: Path = option(doc="the image to start from")
    strength: float = option(0.6, doc="share of the steps that are made", gt=0, le=1)
    repeats: int = option(1, doc="times that it is painted over, each from what came out before", ge=1, le=100)
    fit: str = fit_option()
    resizer: str = resizer_option()

    def problems(self, canvas: Canvas) -> Iterable[Problem]:
        """A file that can't be read, or has another size."""
        return Problem.caught("image", lambda: self._picture(canvas))

    def bind(self, canvas: Canvas) -> Start:
        """The file as a tensor."""
        return Start(image=canvas.state_of(self._picture(canvas)), strength=self.strength, repeats=self.repeats)

    def _picture(self, canvas: Canvas) -> Tensor:
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(kw_only=True, eq=False)
class Start(Rule):
    """SDEdit with its tensor at hand; for Python, where there are no files.

    Attributes:
        image: The state to start from, shape (C, H, W) or (N, C, H, W): a picture in [-1, 1], or its latent.
        strength: Share of the steps that are made, in (0, 1].
        repeats: How often it is painted over, at least once.
    """

    kind = "sdedit"
    image: Tensor
    strength: float = attrs.field(default=0.6, validator=(attrs.validators.gt(0), attrs.validators.le(1)))
    repeats: int = attrs.field(default=1, validator=attrs.validators.ge(1))

    def plan(self, plan: Plan) -> Plan:
        """The last ``strength`` of the steps, at least one; from their end it climbs back to their start to repeat."""
        kept = max(1, round(self.strength * plan.steps))
        return Plan.of(plan.levels[-kept - 1 :] * self.repeats)

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """The image, noised to the level that the plan starts from."""
        top = plan.levels[0]
        return Edit((noise() * top.sigma).add_(self.image.to(x), alpha=top.alpha), jumped=False)
