r"""Delta denoising score (Hertz et al. 2023, arXiv 2304.07090): an image edited from one prompt to another.

.. math:: \nabla_x = w_t\,\big(\hat\epsilon(x_t, c) - \hat\epsilon(x'_t, c')\big)

for the image x and its prompt c, and for what it is edited from, :math:`x'` with :math:`c'`, at the same level and in
the same noise. What score distillation gets wrong it gets wrong of both, and that is taken away: equal pairs have a
gradient of zero. In clean images it is that of score distillation towards :math:`D(x_t, c) - D(x'_t, c') + x'`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import (
    Denoiser,
    Estimate,
    Fit,
    Gradient,
    Optimiser,
    Problem,
    RecipeError,
    fit_option,
    option,
    read_image,
    resizer_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from superpose import Canvas, Condition, Estimation, Look, Memory, NoiseLevel, NoisePredictor, Query, StepNoise


@attrs.frozen(kw_only=True)
class DDS(Optimiser):
    """Delta denoising score: an image of yours, edited from what it shows to what the recipe shows, by gradient steps.

    The source is asked beside the sample in the same forward pass, with the guidance of the recipe: twice the rows.
    What both prompts share keeps the image as it is.
    """

    kind = "dds"
    papers = ("arXiv 2304.07090",)
    image: Path = option(doc="the image that is edited")
    source: str = option(doc="the prompt of what it shows")
    prompt: str | None = option(None, doc="the prompt that it is edited to; unset: the one that the recipe shows")
    sigma_power: float = option(0.0, doc="b in the weight alpha^a sigma^b of a level, at preserved variance")
    fit: str = fit_option()
    resizer: str = resizer_option()

    @property
    def begun(self) -> str:
        """The image that is edited."""
        return "image"

    def canvas_problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A file that can't be read, or has another size, and what every optimiser refuses."""
        yield from super().canvas_problems(canvas)
        yield from Problem.caught("image", lambda: self.picture(canvas))

    def gradient(self, canvas: Canvas) -> Delta:
        """The gradient, with its file read."""
        if canvas.predictor is None:
            raise AssertionError("bound with a network only")
        source = canvas.state_of(self.picture(canvas))
        return Delta(self, source, canvas.predictor, (self.source, canvas.prompt_of("dds edits to", self.prompt)))

    def picture(self, canvas: Canvas) -> Tensor:
        """The image that is edited."""
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(eq=False)
class Delta(Gradient):
    """Gradient of the delta denoising score, with its tensor at hand.

    Attributes:
        options: Says the weight of each level.
        source: The state that is edited, shape (C, H, W).
        predictor: The network that is told the prompts.
        prompts: Of the source, and of the recipe.
    """

    images = 2
    options: Optimiser
    source: Tensor
    predictor: NoisePredictor
    prompts: tuple[str, str]

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser asked about both."""
        return Both(denoiser, self.predictor, self.prompts, self.source)

    def start(self, noise: Tensor) -> Tensor:
        """The image that is edited."""
        return self.source.to(noise).expand_as(noise).clone()

    def of(
        self, look: Look, image: Tensor, level: NoiseLevel, noise: StepNoise, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """One forward pass of both, in the same noise."""
        import torch

        both = torch.cat((image, self.source.to(image).expand_as(image)), 1)
        gain = self.options.weight(level) * level.alpha / level.sigma
        return (image - look(both, noise(), level).clean).mul_(gain), memory


@attrs.frozen(eq=False)
class Both(Denoiser):
    """The source, changed by how a denoiser tells two states side by side apart, each told its prompt.

    Attributes:
        inner: What is shown.
        predictor: The network that is told the prompts.
        prompts: Of the source, which is the second state, and of the recipe.
        source: The source, shape (C, H, W).
    """

    inner: Denoiser
    predictor: NoisePredictor
    prompts: tuple[str, str]
    source: Tensor
    _source: Condition = attrs.field(init=False)

    @_source.default
    def _condition(self) -> Condition:
        return self.predictor.condition(self.prompts[0])

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask about both at once; what lies beside the states is beside each."""
        import torch

        from superpose import marked, together, with_gradient

        channels = self.predictor.shape[0]
        states, laid = x[:, : 2 * channels].split(channels, 1), x[:, 2 * channels :]
        shown, source = (torch.cat((state, laid), 1) if laid.shape[1] else state for state in states)
        found = yield from together(
            [self.inner.estimate(shown, level), marked(self.inner.estimate(source, level), self._told_source)]
        )
        first, second = (with_gradient(estimate, level) for estimate in found)
        return Estimate(first.clean - second.clean + self.source.to(x), displacement=first.displacement)

    def _told_source(self, query: Query) -> Query:
        if query.condition.prompt != self.prompts[1]:
            return query
        if query.predictor is not self.predictor:
            raise RecipeError("dds tells the source's prompt to one network, and several paint here: use one model")
        return query._replace(condition=self._source)
