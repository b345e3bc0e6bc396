r"""SDEdit: start late, from an image with noise on it (arXiv 2108.01073).

With a mask, what is kept is put back after every step with the noise that it started with,
:math:`x_s \leftarrow \alpha_s x_{image} + \sigma_s \epsilon`, the same :math:`\epsilon` all the way down, so that it
moves as if it was sampled without chance. The program noises it to the level before the step, which is one too many.
"""

from __future__ import annotations

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
    fit_option,
    option,
    read_image,
    read_mask,
    resizer_option,
)
from superpose_constraints.inpaint import reduced

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel, RuleNoise, StepNoise


@attrs.frozen(kw_only=True)
class SDEdit(Constraint):
    r"""Paints over an image: strokes become a picture, a picture another one.

    The image is noised to a level on the way, :math:`x_t = \alpha_t x_{image} + \sigma_t \epsilon`, and sampling goes
    on from there. Of the plan's n steps the last ``strength * n`` are made, rounded, and at least one. A little
    strength keeps the image nearly as it is; at 1 every step is made and little of it is left. With ``repeats`` what
    came out is noised to that level and painted over again, as the program does three times. ``mask`` keeps a part of
    the image exactly; where greys are to blend, put `inpaint` beside it instead, with the same image and a mask.
    """

    kind = "sdedit"
    papers = ("arXiv 2108.01073",)
    image: Path = option(doc="the image to start from")
    mask: Path | None = option(None, doc="of the same size: white is painted over, black is kept; all is when absent")
    strength: float = option(0.6, doc="share of the steps that are made", gt=0, le=1)
    repeats: int = option(1, doc="times that it is painted over, each from what came out before", ge=1, le=100)
    fit: str = fit_option()
    resizer: str = resizer_option()

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """Files that can't be read, or have another size."""
        yield from Problem.caught("image", lambda: self._picture(canvas))
        yield from Problem.caught("mask", lambda: self._painted(canvas))

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        picture, painted = self._picture(canvas), self._painted(canvas)
        start = Start(image=canvas.state_of(picture), strength=self.strength, repeats=self.repeats)
        if painted is None:
            return start
        state = reduced(painted, canvas.shape[1:]) == 0
        return Kept(start=start, keep=state, picture=picture, kept=painted == 0)

    def _painted(self, canvas: Canvas) -> Tensor | None:
        if self.mask is None:
            return None
        fit, size = Fit(self.fit, self.resizer), canvas.image_shape[1:]
        return read_mask(self.mask, size, canvas.device, fit=fit, of=self.image)

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


@attrs.frozen(kw_only=True, eq=False)
class Kept(Rule):
    """SDEdit that keeps a part, with its tensors at hand.

    Attributes:
        start_from: What is painted over; ``start`` when it is made.
        keep: True where the state is kept; shape (1, H, W) or (C, H, W).
        picture: What is put into the finished picture; the image that it starts from, unless that is a latent.
        kept: Where it is put; ``keep``, unless that is of a latent.
        tops: Places in the plan from which it is painted over, each with noise of its own.
    """

    kind = "sdedit"
    start_from: Start = attrs.field(alias="start")
    keep: Tensor
    picture: Tensor = attrs.field()
    kept: Tensor = attrs.field()
    tops: tuple[int, ...] = (0,)

    @picture.default
    def _picture_of_state(self) -> Tensor:
        return self.start_from.image

    @kept.default
    def _kept_of_state(self) -> Tensor:
        return self.keep

    def plan(self, plan: Plan) -> Plan:
        """That of what it starts from."""
        return self.start_from.plan(plan)

    def along(self, plan: Plan) -> Kept:
        """The same for that plan."""
        top = plan.levels[0]
        return attrs.evolve(self, tops=tuple(it.index for it in plan.levels if (it.t, it.sigma) == (top.t, top.sigma)))

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """The image, noised to the level that the plan starts from."""
        return self.start_from.start(x, plan, noise)

    def after(self, x: Tensor, there: NoiseLevel, noise: RuleNoise) -> Edit:
        """What is kept put back, with the noise that it started with."""
        turn = sum(top <= there.index for top in self.tops) - 1
        lasting = noise.lasting(f"turn {turn}" if turn else "step")
        known = (lasting * there.sigma).add_(self.start_from.image.to(x), alpha=there.alpha)
        return Edit(known.where(self.keep, x))

    def finish(self, image: Tensor) -> Tensor:
        """What is kept put in, as it is."""
        return self.picture.to(image).where(self.kept, image)
