"""Adaptive projected guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Guidance, Prompted, option, recall, remember, together
from superpose_guidance.contrast import SAMPLE, inner, share

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Estimation, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class AdaptiveProjected(Guidance):
    r"""Adaptive projected guidance: strong guidance without burnt colours.

    What the prompt changes of the clean image, :math:`\Delta = d_+ - d_-`, is averaged over the steps with momentum, is
    shortened to length r, and is split into what is parallel to :math:`d_+`, which saturates colours, and the rest:

    .. math::

        m \leftarrow \Delta + \beta m, \qquad \Delta' = \min(1, r / |m|)\, m, \qquad
        D(x) = d_+ + (w - 1) (\Delta'_\perp + \eta\, \Delta'_\parallel)

    With :math:`\beta = 0`, no r and :math:`\eta = 1` it is ``cfg``. Lengths and what is parallel are those of all
    values of a sample, as in the paper, or of the channels of each pixel. The momentum is remembered from one question
    of a run to the next; inversion asks without it.
    """

    kind = "apg"
    papers = ("arXiv 2410.02416",)
    scale: float = option(5.0, doc="w: 1 is no guidance, more follows the prompt more closely")
    eta: float = option(0.0, doc="share of what is parallel to the image that is kept; 1 keeps all, as cfg does")
    momentum: float = option(-0.5, doc="beta: below 0 it pushes away from where it was before; 0 remembers nothing")
    over: str = option(
        "sample", doc="whose lengths these are: of a sample, or of each pixel", choices=("sample", "pixel")
    )
    threshold: float | None = option(None, doc="r: longest that the change may be; any length when not given", gt=0)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both prompts; at scale 1 the negative one is not asked."""
        positive = Prompted(predictor, condition)
        return positive if self.scale == 1 else Projected(positive, Prompted(predictor, negative), self)


@attrs.frozen(eq=False)
class Projected(Denoiser):
    """One denoiser guided away from another by a projected difference."""

    positive: Denoiser
    negative: Denoiser
    rule: AdaptiveProjected

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask both at once, and remember the momentum."""
        positive, negative = yield from together([self.positive.estimate(x, level), self.negative.estimate(x, level)])
        change = positive.clean - negative.clean
        if self.rule.momentum != 0:
            before = yield from recall(self)
            if before is not None:
                change = change + self.rule.momentum * before
            yield from remember(self, change)
        over = (1,) if self.rule.over == "pixel" else SAMPLE
        update = projected(change.double(), positive.clean.double(), self.rule.eta, self.rule.threshold, over)
        clean = positive.clean + (self.rule.scale - 1) * update.to(change.dtype)
        return positive._replace(clean=clean)


def projected(change: Tensor, image: Tensor, eta: float, threshold: float | None, over: tuple[int, ...]) -> Tensor:
    """Each ``change``, shortened, with a share ``eta`` of its part along ``image``, both ``over`` these dimensions."""
    if threshold is not None:
        length = inner(change, change, over).sqrt()
        change = change * (threshold / length.clamp(min=threshold))
    return change + (eta - 1) * share(change, image, over) * image
