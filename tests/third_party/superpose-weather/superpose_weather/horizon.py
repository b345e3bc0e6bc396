"""The horizon: a soft mask and its complement, which sum to the image."""

import attrs
from superpose import Decomposition, option


@attrs.frozen(kw_only=True)
class Horizon(Decomposition):
    r"""The sky shows one thing, the ground another, and in the haze between they blend.

    .. math:: x = m x + (1 - m) x

    where m falls from 1 above the haze to 0 below it.
    """

    kind = "horizon"
    names = ("sky", "ground")
    height: float = option(0.5, doc="height of the horizon: 0 is the lower edge, 1 the upper", ge=0, le=1)
    haze: float = option(0.2, doc="height of the haze, as a share of the image", gt=0, le=1)

    def split(self, x):
        """Sky and ground."""
        rows = x.shape[-2]
        above = ((rows - row - 0.5) / rows - self.height for row in range(rows))
        sky = x * x.new_tensor([min(max(y / self.haze + 0.5, 0.0), 1.0) for y in above])[:, None]
        return sky, x - sky
