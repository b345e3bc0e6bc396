"""Classifier-free guidance with an optimised scale of what it leads away from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose_guidance.contrast import Contrast, share

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(kw_only=True)
class ZeroStar(Contrast):
    r"""CFG-Zero*: the unprompted image is scaled, sample by sample, to be as close to the prompted one as it can.

    .. math:: D(x) = w\,d_+ + (1 - w)\,s\,d_-, \qquad s = \frac{\langle d_+, d_- \rangle}{|d_-|^2}

    It is for strong guidance, whose error in the first steps is mostly one of length. The paper's other half, steps
    that throw away what the network says at the very beginning, is no guidance but a shorter way: start the plan later.
    """

    kind = "cfg-zero"
    papers = ("arXiv 2503.18886",)

    def combined(self, positive: Tensor, negative: Tensor) -> Tensor:
        """The sum with the negative image scaled."""
        scale = (1 - self.scale) * share(positive, negative)
        return positive * self.scale + negative * scale.to(negative.dtype)
