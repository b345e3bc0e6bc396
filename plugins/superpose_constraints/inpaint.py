r"""Inpainting by replacement: what is known is put in at every level, noised to that level (RePaint, arXiv 2201.09865).

Before each question to the networks, with k = 1 where the image is known and 0 where it is painted,

.. math:: x_t \leftarrow (1 - k)\,x_t + k\,\alpha_t x_{known} + \sigma_t \sqrt{1 - (1 - k)^2}\;\epsilon

whose noise has the deviation :math:`\sigma_t` for every k; a blend of two noisy images has too little. Where a mask is
grey, and keeps a share m, each of n levels takes :math:`k = 1 - (1 - m)^{1/n}`: what they leave of the painted is then
1 - m together, however many there are. At the end the picture is blended with m itself.

The fresh noise of the known region knows nothing of the unknown one, so the two agree only in part: replacement is
approximate. Going back up to the level before and down again (``repeats``) lets them settle, as a Gibbs sampler does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    RecipeError,
    Rule,
    fit_option,
    option,
    read_image,
    read_mask,
    refuse,
    resizer_option,
)
from superpose_constraints.travel import travelled

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class Inpaint(Constraint):
    r"""Paints a part of an image anew and keeps the rest exactly as it is.

    White in the mask is painted anew, black is kept, and grey is a blend of both. At every noise level what is known is
    put in, noised to that level, and at the end it is put in as it is, so that under black the 8-bit pixels are the
    file's. Replacement only approximates the exact conditional distribution; ``repeats`` makes each transition again
    after climbing back, which brings it nearer and takes that many times as long. In a cascade it holds at every
    stage, its files enlarged; one in ``[[stage.constraint]]``, with files of that stage's size, takes its place there.
    """

    kind = "inpaint"
    papers = ("arXiv 2201.09865",)
    image: Path = option(doc="the image to keep parts of")
    mask: Path = option(doc="of the same size; white is painted anew, black is kept, grey is blended")
    repeats: int = option(
        1, doc="times that each transition is made; more agrees better with what is kept", ge=1, le=100
    )
    jump: int | None = option(
        None,
        doc="climb back by so many levels at once, as RePaint's jump_length; absent: by one, from every level",
        ge=1,
    )
    fit: str = fit_option()
    resizer: str = resizer_option()

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """Files that can't be read, have another size, or say that nothing is kept."""
        yield from Problem.caught("image", lambda: self._picture(canvas))
        yield from Problem.caught("mask", lambda: self._painted(canvas))

    def scaled(self, factor: float) -> Constraint:
        """The same for pictures ``factor`` times as large: its files are enlarged."""
        return EnlargedInpaint(inpaint=self, factor=factor)

    def bind(self, canvas: Canvas) -> Replacement:
        """The files as tensors."""
        picture, painted = self._picture(canvas), self._painted(canvas)
        known, keep = canvas.state_of(picture), 1 - reduced(painted, canvas.shape[1:])
        return Replacement(
            known=known, keep=keep, repeats=self.repeats, jump=self.jump, picture=picture, kept=1 - painted
        )

    def _picture(self, canvas: Canvas) -> Tensor:
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))

    def _painted(self, canvas: Canvas) -> Tensor:
        fit, size = Fit(self.fit, self.resizer), canvas.image_shape[1:]
        mask = read_mask(self.mask, size, canvas.device, soft=True, fit=fit, of=self.image)
        if bool((mask == 1).all()):
            raise RecipeError(f"{self.mask}: this mask is white throughout, which keeps nothing: make some of it black")
        return mask


@attrs.frozen(kw_only=True)
class EnlargedInpaint(Constraint):
    """Inpainting of pictures larger than its files, at a later stage of a cascade.

    Attributes:
        inpaint: What reads the files.
        factor: How many times the pictures are as large as those of the first stage.
    """

    kind = "inpaint"
    papers = ("arXiv 2201.09865",)
    inpaint: Inpaint
    factor: float

    def problems(self, canvas: Canvas) -> Iterable[Problem]:
        """Those of its files at the first stage's size, and a size that they can't be enlarged to."""
        if self.factor % 1:
            what = f"this stage's pictures are {self.factor:g} times as large as the first's, and files are enlarged a "
            what += "whole number of times"
            return [Problem("", what, "give it files of its own size in [[stage.constraint]]")]
        return self.inpaint.problems(self._first(canvas))

    def _first(self, canvas: Canvas) -> Canvas:
        """The canvas of the first stage."""
        channels, height, width = canvas.image_shape
        return Canvas((channels, int(height / self.factor), int(width / self.factor)), canvas.device)

    def bind(self, canvas: Canvas) -> Replacement:
        """The files as tensors, enlarged."""
        import torch

        from superpose_constraints.enlarged import enlarged

        refuse(self.problems(canvas))
        _, height, width = canvas.image_shape
        found = self.inpaint.bind(self._first(canvas))
        picture = enlarged(found.picture, (height, width))
        kept = torch.nn.functional.interpolate(found.kept[None], (height, width), mode="nearest-exact")[0]
        known, keep = canvas.state_of(picture), 1 - reduced(1 - kept, canvas.shape[1:])
        repeats, jump = self.inpaint.repeats, self.inpaint.jump
        return Replacement(known=known, keep=keep, repeats=repeats, jump=jump, picture=picture, kept=kept)


@attrs.frozen(kw_only=True, eq=False)
class Replacement(Rule):
    """Inpainting with its tensors at hand; for Python, where there are no files.

    Attributes:
        known: The state to keep parts of, shape (C, H, W): a picture in [-1, 1], or its latent.
        keep: The share of it that is kept, in [0, 1]: 0 where it is painted anew; shape (1, H, W) or (C, H, W).
        repeats: Times that each transition is made.
        jump: Levels to climb back by at once; None for one, from every level.
        picture: What is put into the finished picture; ``known``, unless that is a latent.
        kept: Where it is put, shaped as the picture or with one channel; ``keep``, unless that is of a latent.
        levels: Number of levels that it acts at, which share out a grey.
    """

    kind = "inpaint"
    optimised = True
    known: Tensor
    keep: Tensor
    repeats: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    jump: int | None = None
    picture: Tensor = attrs.field()
    kept: Tensor = attrs.field()
    levels: int = 1
    _painted: Tensor = attrs.field(init=False)
    _fresh: Tensor = attrs.field(init=False)
    _given: Tensor = attrs.field(init=False)
    _some: bool = attrs.field(init=False)

    @picture.default
    def _known_picture(self) -> Tensor:
        return self.known

    @kept.default
    def _kept_places(self) -> Tensor:
        return self.keep

    @_painted.default
    def _find_painted(self) -> Tensor:
        return 1 - self._share

    @_fresh.default
    def _find_fresh(self) -> Tensor:
        return (self._share * (2 - self._share)).sqrt()

    @_given.default
    def _find_given(self) -> Tensor:
        return self.known * self._share

    @_some.default
    def _find_some(self) -> bool:
        # Read here once: the loop reads no device tensor into Python.
        return bool(self.keep.any())

    @property
    def _share(self) -> Tensor:
        """The share of a level in what is kept."""
        return 1 - (1 - self.keep) ** (1 / self.levels)

    def plan(self, plan: Plan) -> Plan:
        """Each transition ``repeats`` times, with a climb back between two; or each stretch of ``jump`` levels."""
        if self.jump is not None:
            return travelled(plan, self.jump, self.repeats)
        levels = list(plan.levels[:1])
        for step, (here, there) in enumerate(zip(plan.levels, plan.levels[1:], strict=False)):
            levels += [there] if plan.climbs(step) else [there, here] * (self.repeats - 1) + [there]
        return Plan.of(levels)

    def along(self, plan: Plan) -> Replacement:
        """Greys shared out over the levels of the plan."""
        return attrs.evolve(self, levels=sum(not plan.climbs(step) for step in range(plan.steps)))

    def before(self, x: Tensor, here: NoiseLevel, noise: StepNoise) -> Edit:
        """Put what is known in, noised to the level ``here``."""
        if not self._some:
            return Edit(x, jumped=False)
        known = (noise() * here.sigma).mul_(self._fresh).add_(self._given, alpha=here.alpha)
        return Edit(known.add_(x * self._painted))

    def finish(self, image: Tensor) -> Tensor:
        """Put what is known in, as it is."""
        return image.lerp(self.picture.expand_as(image), self.kept.expand_as(image))


def reduced(painted: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask (1, H, W) at the size of a latent, each of whose places is painted anew if any pixel of it is."""
    import torch

    return painted if painted.shape[1:] == size else torch.nn.functional.adaptive_max_pool2d(painted, size)
