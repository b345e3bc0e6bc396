"""Guidance away from what both prompts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose_guidance.contrast import Contrast, inner, share

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(kw_only=True)
class Tangential(Contrast):
    r"""Tangential damping: of the unprompted image only that counts which lies along what both images share.

    .. math:: D(x) = w\,d_+ + (1 - w)\,\langle d_-, v \rangle\, v

    where v, of length 1, is the first right singular vector of the two images as two rows: the direction in which they
    are largest together. What the unprompted image has across it, noise for this prompt, leads nowhere.
    """

    kind = "tangential"
    papers = ("arXiv 2503.18137",)

    def combined(self, positive: Tensor, negative: Tensor) -> Tensor:
        """The sum with the negative image damped."""
        return positive * self.scale + damped(positive, negative) * (1 - self.scale)


def damped(positive: Tensor, negative: Tensor) -> Tensor:
    """Each ``negative`` image along the first singular direction of the pair.

    The singular vectors of two rows come from the angle that makes their 2 x 2 Gram matrix diagonal, so no
    decomposition is computed, and the device is not waited for.
    """
    lengths, both = inner(positive, positive) - inner(negative, negative), inner(positive, negative)
    angle = (2 * both).atan2(lengths) / 2
    direction = angle.cos() * positive.double() + angle.sin() * negative.double()
    return (share(negative, direction) * direction).to(negative.dtype)
