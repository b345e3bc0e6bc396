"""Daylight: a rule that the clean image obeys from the first step on."""

import attrs
from superpose import Constraint, Edit, Rule, option


@attrs.frozen(kw_only=True)
class Daylight(Constraint, Rule):
    """Keeps the mean of every image at a level: 1 is white, -1 black.

    The clean image that the networks see is shifted as a whole. That is a smooth edit, the same at every step, so
    schedulers may keep their history.
    """

    kind = "daylight"
    level: float = option(0.0, doc="mean of all values of an image", ge=-1, le=1)

    def bind(self, canvas):
        """It reads nothing, so it is the rule itself."""
        return self

    def on_clean(self, clean, here):
        """Shift each image by what its mean is off."""
        # One image at a time: a sum over a batch may round differently with the number of images.
        means = [image.mean() for image in clean]
        return Edit(clean + clean.new_tensor([self.level - mean for mean in means]).view(-1, 1, 1, 1), jumped=False)
