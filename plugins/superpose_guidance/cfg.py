"""Classifier-free guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Guidance, Prompted, guided, option

if TYPE_CHECKING:
    from superpose import Condition, Denoiser, NoisePredictor


@attrs.frozen(kw_only=True)
class ClassifierFree(Guidance):
    r"""Classifier-free guidance: away from what the network would say without the prompt.

    .. math:: D(x) = w\,d_+(x) + (1 - w)\,d_-(x)

    where the second term is told the negative prompt, or nothing. 1 is no guidance, 0 shows the negative prompt; at
    either only one of them is asked. More follows the prompt more closely and shows less variety. The learned variance
    is that of the prompt.
    """

    kind = "cfg"
    papers = ("arXiv 2207.12598",)
    scale: float = option(5.0, doc="w: 1 is no guidance, more follows the prompt more closely")

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both prompts, mixed."""
        return guided(Prompted(predictor, condition), Prompted(predictor, negative), self.scale)
