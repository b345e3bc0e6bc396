r"""A clipping that keeps hues.

A pixel p with the mean g over its channels becomes

.. math:: \bar g + s (p - g), \qquad \bar g = \min(\max(g, -1), 1)

with the largest :math:`s \le 1` that leaves every channel in [-1, 1]: its differences shrink, and none turns.
"""

import attrs
from superpose import Clip


@attrs.frozen(kw_only=True)
class Hue(Clip):
    """Brings colours that are out of range back along their saturation, so that no hue turns.

    Cutting each channel off by itself makes a strong orange yellow; here it becomes a paler orange.
    """

    kind = "hue"

    def apply(self, clean):
        """Shrink the differences of the channels of a pixel until all of them are in range."""
        mean = clean.mean(1, keepdim=True)
        grey, colour = mean.clamp(-1, 1), clean - mean
        # How far each channel may go, over how far it goes; where it stays, nothing limits it.
        room = (colour.sign() - grey).abs() / colour.abs().clamp(min=1e-12)
        share = room.where(colour != 0, 1).amin(1, keepdim=True).clamp(max=1)
        inside = clean.abs().amax(1, keepdim=True) <= 1
        return clean.where(inside, (grey + share * colour).clamp(-1, 1))
