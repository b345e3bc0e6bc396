"""Sunshine: of several particles the bright ones go on."""

import attrs
from superpose import Potential, Resampled, option


@attrs.frozen(kw_only=True)
class Sunshine(Resampled):
    """Carries several particles a sample, and copies those that are bright."""

    kind = "sunshine"
    strength: float = option(20.0, doc="how strongly brightness counts")

    def bind(self, context, readings):
        """It reads nothing."""
        return Brightness(self.strength)


@attrs.frozen(eq=False)
class Brightness(Potential):
    """Weighs by how much brighter the clean image has become."""

    strength: float

    def weigh(self, made, memory):
        """The change of the mean of each image, which is remembered."""
        # One image at a time: a sum over a batch may round differently with the number of images.
        mean = made.after.new_tensor([float(image.mean()) for image in made.estimate.clean])
        before = memory[0] if memory else mean * 0
        return self.strength * (mean - before), (mean,)
