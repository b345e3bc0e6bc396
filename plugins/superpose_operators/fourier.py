"""Some frequencies of an image, as in magnetic resonance imaging."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, option

if TYPE_CHECKING:
    import torch

    from superpose import LinearOperator, Shape


@attrs.frozen(kw_only=True)
class Fourier(Operator):
    """Columns of the image's Fourier transform: the low frequencies, and others at random.

    Observed are the real and then the imaginary parts of every channel, of the unitary transform; 0 where a frequency
    is not measured. An observation of it is a ``.npy`` file: it is no picture.
    """

    kind = "fourier"
    papers = ("doi 10.1002/mrm.21391",)
    share: float = option(0.25, doc="share of all frequencies that are measured", gt=0, le=1)
    centre: float = option(0.08, doc="share of all frequencies, the lowest, that are measured in any case", ge=0, le=1)
    seed: int = option(0, doc="which of the others", ge=0)

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The columns, each with that of the opposite frequency, which says the same."""
        import torch

        from superpose_operators.bound.sampled import Sampled

        _, height, width = shape
        # Of a real image a frequency and its opposite are measured together: 0, 1, ... half the width.
        pairs = width // 2 + 1
        low, count = (max(least, round(share * pairs)) for share, least in ((self.centre, 0), (self.share, 1)))
        order = np.random.Generator(np.random.Philox(key=self.seed)).permutation(np.arange(low, pairs))
        seen = np.zeros(width, dtype=np.float32)
        for column in [*range(low), *order[: max(0, count - low)]]:
            seen[column] = seen[-column % width] = 1
        return Sampled(shape, torch.from_numpy(seen).to(device).expand(height, width))
