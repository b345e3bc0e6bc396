"""Skip-layer guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Tap
from superpose_guidance.perturbed import Perturbed

if TYPE_CHECKING:
    from superpose import Site


@attrs.frozen(kw_only=True)
class SkipLayer(Perturbed):
    r"""Skip-layer guidance: away from the network with some of its blocks left out.

    .. math:: D(x) = d(x) + s\,\big(d_+(x) - \tilde d_+(x)\big)

    where d is what ``base`` makes of the prompt, :math:`d_+` the prompt alone, and the last its answer without the
    blocks that ``sites`` names: those of a transformer, or the attention of a U-Net. Well chosen they are few, in the
    middle of the network, and it guides in the first part of the steps alone (``interval``). It costs one row more.
    """

    kind = "slg"
    papers = ("arXiv 2411.18664",)
    wants: ClassVar[frozenset[str]] = frozenset({"block"})
    wanted: ClassVar[str] = "block"

    def tap(self) -> Tap:
        """Blocks are left out."""
        return LeftOut(self)


@attrs.frozen
class LeftOut(Tap):
    """The network goes without some blocks."""

    rule: Perturbed

    def skips(self, block: Site) -> bool:
        """True where the guidance says."""
        return self.rule.at(block)
