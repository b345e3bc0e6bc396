r"""Starting from the noise that an image hides: deterministic inversion (DDIM, arXiv 2010.02502, sec. 4.3).

What is sampled from there is the image again where it is told the same, and the image edited where it is told something
else. Between two images the noises are mixed along the sphere that they lie on (arXiv 2111.15640),

.. math:: x_T = \frac{\sin((1 - m)\theta)\, a + \sin(m\theta)\, b}{\sin\theta}, \qquad
          \cos\theta = \frac{a \cdot b}{\lVert a \rVert \lVert b \rVert}

A plan that starts where hardly any signal is left starts from the noise alone, scaled as any other start is. One that
starts lower (late timesteps, exploding variance) starts from the state that the image has there, its signal included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from superpose import (
    Canvas,
    Conditioning,
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
    resizer_option,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoiser, NoisePredictor, SharedWork, StepNoise

#: Signal of a first level up to which it counts as pure noise: 1,000 steps of DDPM start at 0.006, late ones above 0.1.
NO_SIGNAL = 0.02


@attrs.frozen(kw_only=True)
class Inversion(Constraint):
    r"""Starts from the noise that an image hides, found by running the sampler backwards.

    Told what the recipe shows, the image comes back; with ``prompt``, what the image shows, the recipe's own prompt
    edits it. ``other`` is a second image, between whose noise and the first's ``mix`` chooses. Every sample starts
    from the same noise, unless its network sees something that is the sample's own. The finer the plan the nearer the
    image comes back; with guidance it hardly does. It costs as many evaluations as the plan has levels, for each
    image.
    """

    kind = "inversion"
    papers = ("arXiv 2010.02502", "arXiv 2111.15640")
    needs = frozenset({"deterministic"})
    image: Path = option(doc="the image whose noise to start from")
    prompt: str | None = option(None, doc="what it shows; what the recipe shows when not given")
    other: Path | None = option(None, doc="a second image, to start between the two")
    other_prompt: str | None = option(None, doc="what the second image shows")
    mix: float = option(0.5, doc="share of the second image's noise", ge=0, le=1)
    to_noise: bool = option(
        True,
        doc="where the plan starts with hardly any signal, start from noise alone, as the originals do; false keeps it",
    )
    fit: str = fit_option()
    resizer: str = resizer_option()

    ask: Literal["here", "there"] = option(
        "here",
        doc="the time that the network is told on the way up: its state's, or that of the level it goes to",
        choices=("here", "there"),
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a prompt of no image."""
        if self.other is None and self.other_prompt is not None:
            raise RecipeError("other_prompt says what the image other shows: give other, or remove other_prompt")

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """Files that can't be read, or have another size."""
        for place, file in (("image", self.image), ("other", self.other)):
            if file is not None:
                yield from Problem.caught(place, partial(self._picture, file, canvas))

    def bind(self, canvas: Canvas) -> HiddenNoise:
        """The files as tensors, with what explains them."""
        files = [(self.image, self.prompt)] + [(self.other, self.other_prompt)] * (self.other is not None)
        pictures = [self._picture(file, canvas) for file, _ in files if file is not None]
        images = tuple(canvas.state_of(picture)[None] for picture in pictures)
        denoisers = tuple(_told(canvas, prompt) for _, prompt in files) if canvas.predictor is not None else ()
        return HiddenNoise(
            images=images,
            denoisers=denoisers,
            mix=self.mix,
            to_noise=self.to_noise,
            predictor=canvas.predictor,
            batch_size=canvas.batch_size,
            ask=self.ask,
            shared=canvas.shared,
            prompts=tuple(prompt for _, prompt in files),
        )

    def _picture(self, file: Path, canvas: Canvas) -> Tensor:
        return read_image(file, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(kw_only=True, eq=False)
class HiddenNoise(Rule):
    """Inversion with its tensors at hand; for Python, where there are no files.

    Attributes:
        images: One or two, as states, each shape (1, C, H, W).
        denoisers: Under which each of them is inverted.
        mix: Share of the second.
        to_noise: Whether to start from noise alone where the plan's first level has hardly any signal.
        predictor: The network that sees something beside the samples, where one does.
        conditioning: What that is.
        batch_size: Rows of a forward pass, those of the run: the noise is then the same bits whatever else is asked.
        ask: The time that the network is told, as of `superpose.invert`.
        shared: What runs before this one have found already; None where nobody is before or after.
        prompts: What each of ``denoisers`` was made of: a prompt, or None for what the run shows.
    """

    kind = "inversion"
    needs = frozenset({"deterministic"})
    images: tuple[Tensor, ...]
    denoisers: tuple[Denoiser, ...]
    mix: float = attrs.field(default=0.5, validator=(attrs.validators.ge(0), attrs.validators.le(1)))
    to_noise: bool = True
    predictor: NoisePredictor | None = None
    conditioning: Conditioning | None = None
    batch_size: int | None = None
    ask: Literal["here", "there"] = "here"
    shared: SharedWork | None = None
    prompts: tuple[str | None, ...] = ()

    def conditioned(self, conditioning: Conditioning | None) -> HiddenNoise:
        """The same for a network that sees ``conditioning``."""
        return attrs.evolve(self, conditioning=conditioning)

    def start(self, x: Tensor, plan: Plan, noise: StepNoise) -> Edit:
        """The state that the images have at the plan's first level.

        Raises:
            RecipeError: If the plan climbs: its noise is drawn, and no image hides it.
        """
        import torch

        del noise
        if len(self.denoisers) != len(self.images):
            raise RecipeError("inversion asks the network: bind it to a canvas that has the predictor and the denoiser")
        if any(plan.climbs(step) for step in range(plan.steps)):
            raise RecipeError(
                "inversion runs the plan backwards, and this one climbs again, with noise that no image hides: "
                "remove the repeats that a constraint asks for, or the inversion"
            )
        if self.conditioning is None:
            return Edit(self._found(x, plan, None).expand_as(x), jumped=False)
        # One at a time: what a sample starts from does not depend on its neighbours.
        alone = [self._found(x, plan, _row(self.conditioning, i)) for i in range(len(x))]
        return Edit(torch.cat(alone), jumped=False)

    def _found(self, x: Tensor, plan: Plan, conditioning: Conditioning | None) -> Tensor:
        from superpose import invert

        top = plan.levels[0]
        pure = self.to_noise and 0 < top.alpha <= NO_SIGNAL

        def inverted(number: int) -> Tensor:
            return invert(
                self.denoisers[number],
                self.images[number].to(x),
                plan,
                to_noise=pure,
                batch_size=self.batch_size,
                predictor=self.predictor,
                conditioning=conditioning,
                ask=self.ask,
            )

        found = [self._once(i, (plan, pure), conditioning, partial(inverted, i)) for i in range(len(self.images))]
        mixed = found[0] if len(found) == 1 else between(found[0], found[1], self.mix)
        return mixed * top.prior if pure else mixed

    def _once(
        self, number: int, how: tuple[Plan, bool], conditioning: Conditioning | None, work: Callable[[], Tensor]
    ) -> Tensor:
        """The state of an image, from a run before this one where it has found the same."""
        if self.shared is None or self.predictor is None or conditioning is not None:
            return work()
        prompt = self.prompts[number]
        told = (self.shared.shown,) if prompt is None else prompt
        content = sha256(self.images[number].cpu().numpy().tobytes()).hexdigest()
        return self.shared.do(self.predictor, ("inversion", content, told, *how, self.batch_size, self.ask), work)


def _row(conditioning: Conditioning, i: int) -> Conditioning:
    channels, mine = conditioning.channels, slice(i, i + 1)
    return Conditioning(
        None if channels is None else channels[mine], {k: v[mine] for k, v in conditioning.per_sample.items()}
    )


def between(a: Tensor, b: Tensor, mix: float) -> Tensor:
    """Spherical interpolation of two states, each a vector as a whole: ``a`` at 0, ``b`` at 1."""
    from superpose import slerp

    return slerp(a.flatten(), b.flatten(), mix).view_as(a)


def _told(canvas: Canvas, prompt: str | None) -> Denoiser:
    from superpose import Clipped, prompted

    if canvas.predictor is None or canvas.denoiser is None:
        raise AssertionError("asked of a canvas with a network only")
    if prompt is None:
        return canvas.denoiser
    denoiser, clip = prompted(canvas.predictor, prompt), canvas.predictor.clip
    return Clipped(denoiser, clip) if clip is not None else denoiser
