"""Guidance that stays on the manifold of images (CFG++)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Denoiser, Guidance, Need, Prompted, option, together

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Estimation, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class PlusPlus(Guidance):
    r"""CFG++: the image goes towards the prompt, and the noise that is added back is that of the image without it.

    .. math:: D(x) = \lambda\,d_+(x) + (1 - \lambda)\,d_-(x), \qquad
              x_s = \alpha_s D(x_t) + \sigma_s\,\frac{x_t - \alpha_t d_-(x_t)}{\sigma_t}

    ``cfg`` extrapolates, and leaves what images can be; this interpolates, so that colours do not burn, inversion leads
    back, and editing by inversion works. It needs a scheduler that takes the image and the noise apart. At 0 it shows
    the negative prompt alone. What 5 to 7 is to ``cfg``, 0.5 to 0.7 is here.
    """

    kind = "cfg-plus-plus"
    papers = ("arXiv 2406.08070",)
    needs: ClassVar[frozenset[Need]] = frozenset({"renoising"})
    strength: float = option(0.6, doc="lambda: 0 shows the negative prompt, more follows the prompt", ge=0, le=1)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both prompts; at strength 0 the negative one alone."""
        plain = Prompted(predictor, negative)
        return Interpolated(Prompted(predictor, condition), plain, self.strength) if self.strength else plain


@attrs.frozen(eq=False)
class Interpolated(Denoiser):
    """A way from one denoiser to another, with the noise of the one that it comes from."""

    positive: Denoiser
    negative: Denoiser
    strength: float

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask both at once."""
        positive, negative = yield from together([self.positive.estimate(x, level), self.negative.estimate(x, level)])
        clean = negative.clean.lerp(positive.clean, self.strength)
        return positive._replace(clean=clean, renoise=negative.clean)
