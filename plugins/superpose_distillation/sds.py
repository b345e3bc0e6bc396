r"""Score distillation sampling (DreamFusion, Poole et al. 2022, arXiv 2209.14988, eq. 3).

.. math:: \nabla_x = w_t\,(\hat\epsilon(x_t) - \epsilon) = w_t \frac{\alpha_t}{\sigma_t} (x - D(x_t)), \qquad
          x_t = \alpha_t x + \sigma_t \epsilon

The network's Jacobian is left out. With guidance of scale 1 and a Gaussian for the data the fixed point is its mean:
the method seeks modes, and needs strong guidance where the mode of a prompt is no picture of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Fit, Gradient, Optimiser, Problem, fit_option, option, read_image, resizer_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from superpose import Canvas, Look, Memory, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class SDS(Optimiser):
    """Score distillation sampling: gradient steps on the image itself, towards what a network thinks of it in noise.

    One forward pass a step, and none backward. It seeks the likeliest image rather than drawing one, so that samples
    are alike, and guidance is usually strong (7.5 to 100).
    """

    kind = "sds"
    papers = ("arXiv 2209.14988",)
    image: Path | None = option(None, doc="the image to start from; noise around grey when absent")
    fit: str = fit_option()
    resizer: str = resizer_option()

    @property
    def begun(self) -> str:
        """The image, where there is one."""
        return "image" if self.image else ""

    def canvas_problems(self, canvas: Canvas) -> Iterator[Problem]:
        """A file that can't be read, or has another size, and what every optimiser refuses."""
        yield from super().canvas_problems(canvas)
        yield from Problem.caught("image", lambda: self._start(canvas))

    def gradient(self, canvas: Canvas) -> Distilled:
        """The gradient, with its file read."""
        return Distilled(self, self._start(canvas))

    def _start(self, canvas: Canvas) -> Tensor | None:
        picture = self.picture(canvas)
        return None if picture is None else canvas.state_of(picture)

    def picture(self, canvas: Canvas) -> Tensor | None:
        """The image, where there is one."""
        if self.image is None:
            return None
        return read_image(self.image, canvas.image_shape, canvas.device, Fit(self.fit, self.resizer))


@attrs.frozen(eq=False)
class Distilled(Gradient):
    """Gradient of score distillation, with its tensor at hand.

    Attributes:
        options: Says the weight of each level.
        begun: The state to start from, shape (C, H, W); None for noise.
    """

    options: Optimiser
    begun: Tensor | None = None

    def start(self, noise: Tensor) -> Tensor:
        """The image that is given, or noise."""
        return noise if self.begun is None else self.begun.to(noise).expand_as(noise).clone()

    def of(
        self, look: Look, image: Tensor, level: NoiseLevel, noise: StepNoise, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """One forward pass of noised images."""
        gain = self.options.weight(level) * level.alpha / level.sigma
        return (image - look(image, noise(), level).clean).mul_(gain), memory
