"""Layers of air: bands from the ground up, as many as one likes."""

import attrs
from superpose import Decomposition, option


@attrs.frozen(kw_only=True)
class Layers(Decomposition):
    """Layers of air above each other, each of which shows something else.

    There are as many parts as ``layers``: ``layer-0`` is at the ground, and every further one above it.
    """

    kind = "layers"
    layers: int = option(3, doc="number of layers", ge=1, le=8)

    @property
    def names(self):
        """A name for each layer, from the ground up."""
        return tuple(f"layer-{i}" for i in range(self.layers))

    def split(self, x):
        """The rows of each layer, and zeros elsewhere."""
        edges = [x.shape[-2] - x.shape[-2] * i // self.layers for i in range(self.layers + 1)]
        parts = [x.new_zeros(x.shape) for _ in self.names]
        for part, below, above in zip(parts, edges, edges[1:], strict=False):
            part[..., above:below, :] = x[..., above:below, :]
        return tuple(parts)
