"""Guidance by a text and by an image, each with a scale of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Guidance, Mix, Prompted, Term, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Denoiser, NoisePredictor


@attrs.frozen(kw_only=True)
class Dual(Guidance):
    r"""Guidance for networks that see an image beside the noise, as InstructPix2Pix does: one scale a condition.

    .. math:: D(x) = u + s_T\,(c - i) + s_I\,(i - u)

    where c is told the prompt and sees the image, i is told the negative prompt and sees the image, and u is told the
    negative prompt and sees zeros in the place of the image. More ``text`` follows the prompt more closely, more
    ``image`` changes less of the image. For a network that sees no image this is ``cfg`` with the scale ``text``.
    """

    kind = "dual"
    papers = ("arXiv 2211.09800",)
    text: float = option(7.5, doc="s_T: more follows the prompt more closely")
    image: float = option(1.5, doc="s_I: more stays closer to the image; 1 is no guidance by the image")

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """All three, mixed; those of weight 0 are not asked."""
        others = 0.0 if self.text != 0 else 1.0
        blind = Blind(predictor.shape[0])
        return Mix(
            (
                Term(Prompted(predictor, condition), self.text),
                Term(Prompted(predictor, negative), self.image - self.text, variance_weight=others),
                Term(Prompted(predictor, negative), 1 - self.image, blind, variance_weight=others, orthogonal=True),
            ),
            name="dual guidance",
        )

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """Guidance by the image alone, which is then the same whatever the number of prompts."""
        return self.denoiser(predictor, negative, negative)


@attrs.frozen
class Blind:
    """Shows the noisy state, and zeros in the place of everything beside it.

    Attributes:
        channels: Of the state.
    """

    channels: int

    def __call__(self, x: Tensor) -> Tensor:
        """``x``, shape (N, C + C', H, W), with zeros from channel C on."""
        if x.shape[1] == self.channels:
            return x
        blind = x.clone()
        blind[:, self.channels :] = 0
        return blind
