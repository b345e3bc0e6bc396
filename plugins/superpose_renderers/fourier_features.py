r"""Fourier-feature images (Tancik et al. 2020, arXiv 2006.10739): networks that say the colour at each place.

.. math:: x(v) = \tanh\, f_\theta(\gamma(v)), \qquad \gamma(v) = (\cos 2\pi B v, \sin 2\pi B v), \qquad
          B_{ij} \sim N(0, s^2)

f is a perceptron, and places v are measured in the shorter side of the picture, so that the same parameters draw it at
any size. Without the features such a network learns no detail for very long. Diffusion Illusions (arXiv 2312.03817)
optimises its prime images so: one weight bears on the picture as a whole, and single pixels are left no freedom.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from superpose import BoundRenderer, Renderer, option

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Shape


@attrs.frozen(kw_only=True)
class FourierFeatures(Renderer):
    """A small network that is asked for the colour at each place, told in sines and cosines of random frequencies.

    Frequencies are drawn once for each sample, and stay. Use ``method = "adam"``, with a rate of about 0.01; where an
    optimiser says how its image starts, this begins near grey whatever that is.
    """

    kind = "fourier-features"
    papers = ("arXiv 2006.10739", "arXiv 2312.03817")
    features: int = option(64, doc="random frequencies, of each of which there are a sine and a cosine", ge=1, le=1024)
    scale: float = option(3.0, doc="their deviation, in cycles across the shorter side: larger for finer detail", gt=0)
    width: int = option(64, doc="units of each hidden layer", ge=1, le=1024)
    depth: int = option(2, doc="hidden layers", ge=0, le=32)

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundRenderer:
        """The network, with the places of all pixels at hand."""
        return Coordinates(self, shape[0], places(shape[1], shape[2]).to(device))


@attrs.frozen(eq=False)
class Coordinates(BoundRenderer):
    """Fourier-feature images of one size.

    Attributes:
        options: Its layers.
        channels: Of a picture.
        places: Where its pixels lie, shape (H, W, 2).
    """

    options: FourierFeatures
    channels: int
    places: Tensor

    def parameters(self, start: Tensor, seed: int) -> tuple[Tensor, ...]:
        """The frequencies (F, 2), and of each layer its weights and biases; the last layer starts near 0, at grey."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        drawn = [torch.randn(self.options.features, 2, generator=generator) * self.options.scale]
        sizes = [2 * self.options.features, *[self.options.width] * self.options.depth, self.channels]
        for layer, (before, after) in enumerate(pairwise(sizes)):
            gain = 0.1 if layer == self.options.depth else math.sqrt(2)
            drawn += [torch.randn(after, before, generator=generator) * (gain / math.sqrt(before)), torch.zeros(after)]
        return tuple(value.to(start.device) for value in drawn)

    def render(self, parameters: tuple[Tensor, ...]) -> Tensor:
        """The colours at all places; frequencies stay as they are."""
        import torch
        from torch.nn import functional

        frequencies, *layers = parameters
        angles = 2 * math.pi * (self.places @ frequencies.detach().mT)
        found = torch.cat((angles.cos(), angles.sin()), -1)
        for weights, biases in _pairs(layers[:-2]):
            found = functional.linear(found, weights, biases).relu()
        return functional.linear(found, *layers[-2:]).tanh().permute(2, 0, 1)


def places(height: int, width: int) -> Tensor:
    """Rows and columns of the middles of pixels, in the shorter side, from the middle of the picture: (H, W, 2)."""
    import torch

    unit = min(height, width)
    rows, columns = ((torch.arange(size) + 0.5 - size / 2) / unit for size in (height, width))
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1)


def _pairs(layers: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    return zip(layers[::2], layers[1::2], strict=True)
