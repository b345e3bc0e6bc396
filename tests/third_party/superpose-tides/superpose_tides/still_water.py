"""Still water: a rule that wraps the denoiser."""

import attrs
from superpose import Constraint, Denoiser, Rule, make, viewed


@attrs.frozen(kw_only=True)
class StillWater(Constraint, Rule):
    """Asks the networks of the image and of its reflection, and takes the mean of what they say.

    It is the average over a group of symmetries that tests of classifiers take, for denoisers.
    """

    kind = "still-water"

    def bind(self, canvas):
        """It reads nothing, so it is the rule itself."""
        return self

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser of both."""
        return viewed([(make("view", "identity"), denoiser), (make("view", "flip"), denoiser)])
