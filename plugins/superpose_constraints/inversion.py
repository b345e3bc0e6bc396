r"""Starting from the noise that an image hides: deterministic inversion (DDIM, arXiv 2010.02502, sec. 4.3).

What is sampled from there is the image again where it is told the same, and the image edited where it is told something
else. Between two images the noises are mixed along the sphere that they lie on (arXiv 2111.15640),

.. math:: x_T = \frac{\sin((1 - m)\theta)\, a + \sin(m\theta)\, b}{\sin\theta}, \qquad
          \cos\theta = \frac{a \cdot b}{\lVert a \rVert \lVert b \rVert}
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Canvas, Constraint, Edit, Plan, RecipeError, option, read_image

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoiser, StepNoise


@attrs.frozen(kw_only=True)
class Inversion(Constraint):
    r"""Starts from the noise that an image hides, found by running the sampler backwards.

    Told what the recipe shows, the image comes back; with ``prompt``, what the image shows, the recipe's own prompt
    edits it. ``other`` is a second image, between whose noise and the first's ``mix`` chooses. Every sample starts
    from the same noise. The finer the plan the nearer the image comes back; with guidance it hardly does.
    """

    kind = "inversion"
    papers = ("arXiv 2010.02502", "arXiv 2111.15640")
    needs = frozenset({"deterministic"})
    image: Path = option(doc="the image whose noise to start from, of the model's size")
    prompt: str | None = option(None, doc="what it shows; what the recipe shows when not given")
    other: Path | None = option(None, doc="a second image, to start between the two")
    other_prompt: str | None = option(None, doc="what the second image shows")
    mix: float = option(0.5, doc="share of the second image's noise", ge=0, le=1)
    to_noise: bool = option(
        True, doc="invert to pure noise, as the originals do; false stops at the plan's first level, which is nearer"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a prompt of no image."""
        if self.other is None and self.other_prompt is not None:
            raise RecipeError("other_prompt says what the image other shows: give other, or remove other_prompt")

    def check(self, canvas: Canvas) -> None:
        """Read the files."""
        self.bind(canvas)

    def bind(self, canvas: Canvas) -> HiddenNoise:
        """The files as tensors, with what explains them."""
        files = [(self.image, self.prompt)] + [(self.other, self.other_prompt)] * (self.other is not None)
        pictures = [read_image(file, canvas.image_shape, canvas.device) for file, _ in files if file is not None]
        images = tuple(canvas.state_of(picture)[None] for picture in pictures)
        denoisers = tuple(_told(canvas, prompt) for _, prompt in files) if canvas.predictor is not None else ()
        return HiddenNoise(images=images, denoisers=denoisers, mix=self.mix, to_noise=self.to_noise)


@attrs.frozen(kw_only=True, eq=False)
class HiddenNoise(Constraint):
    """Inversion with its tensors at hand; for Python, where there are no files.

    Attributes:
        images: One or two, as states, each shape (1, C, H, W).
        denoisers: Under which each of them is inverted.
        mix: Share of the second.
        to_noise: As in `superpose.invert`.
    """

    kind = "inversion"
    needs = frozenset({"deterministic"})
    images: tuple[Tensor, ...]
    denoisers: tuple[Denoiser, ...]
    mix: float = attrs.field(default=0.5, validator=(attrs.validators.ge(0), attrs.validators.le(1)))
    to_noise: bool = True

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """The noise, the same for every sample."""
        from superpose import invert

        del noise
        if len(self.denoisers) != len(self.images):
            raise RecipeError("inversion asks the network: bind it to a canvas that has the predictor and the denoiser")
        found = [
            invert(denoiser, image.to(x), plan, to_noise=self.to_noise)
            for denoiser, image in zip(self.denoisers, self.images, strict=True)
        ]
        return Edit((found[0] if len(found) == 1 else between(found[0], found[1], self.mix)).expand_as(x), jumped=False)


def between(a: Tensor, b: Tensor, mix: float) -> Tensor:
    """Spherical interpolation of two tensors of one shape: ``a`` at 0, ``b`` at 1; a straight line where they agree."""
    import torch

    if mix in (0, 1):  # the very same, with no rounding
        return b if mix else a
    cosine = torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0).clamp(-1, 1)
    theta = cosine.arccos()
    if float(theta) < 1e-4:
        return a.lerp(b, mix)
    return (torch.sin((1 - mix) * theta) * a + torch.sin(mix * theta) * b) / torch.sin(theta)


def _told(canvas: Canvas, prompt: str | None) -> Denoiser:
    from superpose import Clipped, prompted

    if canvas.predictor is None or canvas.denoiser is None:
        raise AssertionError("asked of a canvas with a network only")
    if prompt is None:
        return canvas.denoiser
    denoiser, clip = prompted(canvas.predictor, prompt), canvas.predictor.clip
    return Clipped(denoiser, clip) if clip is not None else denoiser
