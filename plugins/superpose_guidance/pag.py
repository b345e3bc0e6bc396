"""Perturbed-attention guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Tap
from superpose_guidance.perturbed import Perturbed

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Attention, Site


@attrs.frozen(kw_only=True)
class PerturbedAttention(Perturbed):
    r"""Perturbed-attention guidance: away from the network with each place looking at itself alone.

    .. math:: D(x) = d(x) + s\,\big(d_+(x) - \tilde d_+(x)\big)

    where d is what ``base`` makes of the prompt, :math:`d_+` the prompt alone, and the last its answer with the
    identity for its self-attention: an image whose parts don't know of each other. It needs no negative prompt and
    helps where nothing is prompted, too. The papers have it in the middle block (``sites = ["mid"]``), with s about 3;
    everywhere, and with a small network, less is enough. It costs one row more.
    """

    kind = "pag"
    papers = ("arXiv 2403.17377",)

    def tap(self) -> Tap:
        """Every place looks at itself."""
        return ToItself(self)


@attrs.frozen
class ToItself(Tap):
    """Every place looks at itself alone, and at no word beside places."""

    rule: Perturbed

    def at(self, site: Site) -> bool:
        """True where the guidance says."""
        return self.rule.at(site)

    def edit(self, attention: Attention) -> Tensor:
        """The identity."""
        import torch

        query = attention.query
        places = torch.eye(query.shape[2], dtype=query.dtype, device=query.device)
        seen = torch.nn.functional.pad(places, (attention.key.shape[2] - len(places), 0))
        return seen.expand(*query.shape[:2], *seen.shape)
