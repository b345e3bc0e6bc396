"""Images of samples as a renderer draws them: sample for sample, and canvas for canvas.

Each sample is drawn for itself, so that its bits do not depend on how many there are, and each of the canvases that
lie one below the other has parameters of its own.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from superpose.estimate.blame import must_be_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from superpose.estimate.renderer import BoundRenderer

#: Tensors of parameters, each with a row a sample: those of one canvas after the other.
Parameters = tuple["Tensor", ...]


@attrs.frozen(eq=False)
class Rendered:
    """Draws all canvases of some samples.

    Attributes:
        renderer: Draws one canvas.
        count: Canvases of a sample.
    """

    renderer: BoundRenderer
    count: int = 1

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
        """The images (N, C, H, W) of all samples, shaped as ``like``."""
        import torch

        with torch.no_grad():
            return torch.stack([self._image(one, image) for one, image in _rows(parameters, like)])

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
