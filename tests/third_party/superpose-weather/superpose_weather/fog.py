"""What is seen through fog: less and less, the further up one looks."""

import attrs
from superpose import LinearOperator, Operator, Spectrum, option


@attrs.frozen(kw_only=True)
class Fog(Operator):
    """Dims the image towards grey, more with every row from the bottom to the top."""

    kind = "fog"
    density: float = option(3.0, doc="how many times as dim the top is as the bottom, as a power of e", ge=0, le=20)

    def bind(self, shape, device="cpu"):
        """How much of each row comes through."""
        import torch

        height = shape[1]
        seen = torch.exp(-self.density * (1 - (torch.arange(height) + 0.5) / height))
        return Foggy(shape, seen[:, None].expand(shape).to(device))


@attrs.frozen(eq=False)
class Foggy(LinearOperator):
    """Images, each place as much as it comes through; its own adjoint."""

    shape: tuple
    seen: object

    @property
    def observed_shape(self):
        """As that of an image."""
        return self.shape

    def apply(self, x):
        """The dimmed images."""
        return x * self.seen.to(x)

    @property
    def spectrum(self):
        """Each place by itself."""
        return Spectrum(self.seen, _same, _same, _same)


def _same(x):
    return x
