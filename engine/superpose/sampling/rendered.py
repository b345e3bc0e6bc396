"""Images of samples as a renderer draws them: sample for sample, and canvas for canvas.

Each sample is drawn for itself, so that its bits do not depend on how many there are, and each of the canvases that
lie one below the other has parameters of its own.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, NamedTuple

import attrs

from superpose.estimate.blame import must_be_like
from superpose.sampling.noise import vector_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from superpose.estimate.renderer import BoundRenderer
    from superpose.sampling.noise import StepNoise

#: Tensors of parameters, each with a row a sample: those of one canvas after the other.
Parameters = tuple["Tensor", ...]


class Encoded(NamedTuple):
    """The way from what is drawn to the states of a model of latents.

    Attributes:
        encode: States of pictures (N, C, H, W), which torch can differentiate.
        shape: (C, H, W) of the picture of a sample, all its canvases.
        begun: Such a picture to begin with; None for noise around grey.
    """

    encode: Callable[[Tensor], Tensor]
    shape: tuple[int, int, int]
    begun: Tensor | None = None


@attrs.frozen(eq=False)
class Rendered:
    """Draws all canvases of some samples.

    Attributes:
        renderer: Draws one canvas.
        count: Canvases of a sample.
        encoded: Makes states of what is drawn; None where those are pictures.
    """

    renderer: BoundRenderer
    count: int = 1
    encoded: Encoded | None = None

    def begun(self, image: Tensor, noise: StepNoise, spread: float) -> Tensor:
        """Pictures to begin with: those that the states ``image`` are, or of latents that is given, or noise."""
        if self.encoded is None:
            return image
        _, shape, picture = self.encoded
        if picture is not None:
            return picture.to(image).expand(len(image), *shape)
        return spread * vector_noise(noise, math.prod(shape), "picture").view(-1, *shape)

    def parameters(self, start: Tensor, chance: Tensor) -> Parameters:
        """Parameters of each sample before the first step.

        Arguments:
            start: Images to begin with, where the renderer can, shape (N, C, H, W).
            chance: Noise of each sample, shaped likewise, of which the seeds are made.
        """
        import torch

        rows = []
        for image, drawn in zip(start, chance.cpu(), strict=True):
            pairs = zip(image.chunk(self.count, -2), drawn.chunk(self.count, -2), strict=True)
            rows.append([value for one, noise in pairs for value in self.renderer.parameters(one, _seed(noise))])
        return tuple(torch.stack([value.detach() for value in each]) for each in zip(*rows, strict=True))

    def images(self, parameters: Parameters, like: Tensor) -> Tensor:
        """The states (N, C, H, W) of all samples, shaped as ``like``: images, or their latents."""
        import torch

        with torch.no_grad():
            return torch.stack([self._image(one, image) for one, image in _rows(parameters, like)])

    def pictures(self, parameters: Parameters) -> Tensor | None:
        """What is drawn of all samples (N, C, H, W), where states are latents; None where they are pictures."""
        import torch

        if self.encoded is None:
            return None
        like = parameters[0].new_zeros(()).expand(len(parameters[0]), *self.encoded.shape)
        with torch.no_grad():
            return torch.stack([self._picture(one, picture) for one, picture in _rows(parameters, like)])

    def slopes(self, parameters: Parameters, slope: Tensor) -> Parameters:
        """The gradient with respect to each parameter, of ``slope``, which is with respect to images."""
        import torch

        found = []
        for one, wanted in _rows(parameters, slope):
            leaves = [value.detach().requires_grad_() for value in one]
            with torch.enable_grad():
                image = self._image(leaves, wanted)
            found.append(torch.autograd.grad(image, leaves, wanted, allow_unused=True, materialize_grads=True))
        return tuple(torch.stack(each) for each in zip(*found, strict=True))

    def _image(self, parameters: Sequence[Tensor], like: Tensor) -> Tensor:
        if self.encoded is None:
            return self._picture(parameters, like)
        picture = self._picture(parameters, like.new_zeros(()).expand(self.encoded.shape))
        state: Tensor = self.encoded.encode(picture[None])[0].to(like)
        must_be_like(state, like, self.encoded.encode, "encode")
        return state

    def _picture(self, parameters: Sequence[Tensor], like: Tensor) -> Tensor:
        import torch

        width = len(parameters) // self.count
        parts = []
        for number, part in enumerate(like.chunk(self.count, -2)):
            drawn = self.renderer.render(tuple(parameters[number * width : (number + 1) * width]))
            must_be_like(drawn, part, self.renderer, "render")
            parts.append(drawn)
        return parts[0] if self.count == 1 else torch.cat(parts, -2)


def _rows(parameters: Parameters, images: Tensor) -> Iterator[tuple[list[Tensor], Tensor]]:
    """The parameters of each sample, and its image."""
    for row, image in enumerate(images):
        yield [value[row] for value in parameters], image


def _seed(noise: Tensor) -> int:
    """A seed that is a function of noise: from 0 to 2**63 - 1."""
    digest = hashlib.blake2b(noise.contiguous().numpy().tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
