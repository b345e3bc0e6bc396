"""Overcast: a loss that wants images to be as light as the sky is."""

import attrs
from superpose import BoundLoss, Loss, option


@attrs.frozen(kw_only=True)
class Overcast(Loss):
    """Wants the mean of each image to be that of the sky."""

    kind = "overcast"
    light: float = option(0.0, doc="the mean that is wanted: -1 is black, 1 white", ge=-1, le=1)
    weight: float = option(10.0, doc="how much the difference weighs", gt=0)

    def bind(self, shape, device="cpu"):
        """It reads nothing."""
        return Sky(self.light, self.weight)


@attrs.frozen(eq=False)
class Sky(BoundLoss):
    """The loss of images of one size."""

    light: float
    weight: float

    def of(self, x):
        """How far each image is from the sky."""
        return self.weight * (x.mean((1, 2, 3)) - self.light).square()
