"""Rain: a permutation of pixels, and so orthogonal at every size."""

import random

import attrs
from superpose import View, option


@attrs.frozen(kw_only=True)
class Rain(View):
    """Lets every column of pixels fall by a distance of its own, and come in again at the top.

    Pixels only change places within their column, so white noise stays white. Another seed is another shower.
    """

    kind = "rain"
    seed: int = option(0, doc="number of the shower", ge=0)

    def apply(self, x):
        """The images after the rain."""
        return self._fallen(x, +1)

    def invert(self, x):
        """The images before it: every column rises by what it fell."""
        return self._fallen(x, -1)

    def _fallen(self, x, way):
        import torch  # with the first image, so that the plugin itself is light

        height, width = x.shape[-2:]
        drops = random.Random(self.seed)
        falls = torch.tensor([int(drops.random() * height) for _ in range(width)], device=x.device)
        rows = torch.arange(height, device=x.device)[:, None]
        return x.gather(-2, ((rows - way * falls) % height).expand_as(x))
