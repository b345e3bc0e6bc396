"""Smoothed-energy guidance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import RunError, Tap, option
from superpose_guidance.perturbed import Perturbed

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Attention, Site


@attrs.frozen(kw_only=True)
class SmoothedEnergy(Perturbed):
    r"""Smoothed-energy guidance: away from the network with its self-attention blurred.

    .. math:: D(x) = d(x) + s\,\big(d_+(x) - \tilde d_+(x)\big), \qquad
              \tilde P = \mathrm{softmax}\big((G_\sigma * q)\, k^\top / \sqrt{d}\big)

    where d is what ``base`` makes of the prompt, :math:`d_+` the prompt alone, and the last its answer with the queries
    of its self-attention blurred over the places. Without ``sigma`` all places ask the same, the mean: that is the
    mildest landscape there is. It needs no negative prompt and oversaturates less than strong ``cfg``. It costs one row
    more.
    """

    kind = "seg"
    papers = ("arXiv 2408.00760",)
    sigma: float | None = option(None, doc="deviation of the blur, in places; unset: all ask for the mean", gt=0)

    def tap(self) -> Tap:
        """Queries are blurred."""
        return Blurred(self, self.sigma)


@attrs.frozen
class Blurred(Tap):
    """Places ask for what their neighbours ask for, too."""

    rule: Perturbed
    sigma: float | None

    def at(self, site: Site) -> bool:
        """True where the guidance says."""
        return self.rule.at(site)

    def edit(self, attention: Attention) -> Tensor:
        """The probabilities of blurred queries."""
        query = attention.query
        if self.sigma is None:
            return attention.of(query.mean(2, keepdim=True).expand_as(query))
        if attention.grid is None:
            raise RunError(f"{attention.site.name} has {query.shape[2]} places, which are no rectangle: leave it out")
        images = query.transpose(2, 3).reshape(-1, 1, *attention.grid)
        return attention.of(blurred(images, self.sigma).view(query.transpose(2, 3).shape).transpose(2, 3))


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Images (N, 1, H, W), blurred with mirrored edges; a kernel that would be wider than they are is cut off there."""
    import torch

    for dim in (2, 3):
        side = images.shape[dim]
        reach = min((math.ceil(6 * sigma) + 1 - math.ceil(6 * sigma) % 2) // 2, side - 1, side // 2)
        steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
        weights = (-0.5 * (steps / sigma) ** 2).exp()
        kernel = (weights / weights.sum()).to(images).view((1, 1, -1, 1) if dim == 2 else (1, 1, 1, -1))
        edges = (0, 0, reach, reach) if dim == 2 else (reach, reach, 0, 0)
        images = torch.nn.functional.conv2d(torch.nn.functional.pad(images, edges, mode="reflect"), kernel)
    return images
