"""Names of the places of a network where its attention can be tapped: those of its modules."""

from __future__ import annotations

from torch import nn

from superpose import Site, SiteKind


class Tappable(nn.Module):
    """A module whose attention can be tapped, or that can be left out; `name_sites` gives it its names.

    Arguments:
        attention: What its own attention looks at; None for a module that computes none itself.
        block: Whether it adds to its input, so that the network can go without it.
    """

    def __init__(self, attention: SiteKind | None = None, *, block: bool = False) -> None:
        super().__init__()
        self.attention, self.adds = attention, block
        self.site: Site | None = None
        self.block: Site | None = None


def name_sites(network: nn.Module) -> None:
    """Call each site of a network by its module's name."""
    for name, module in network.named_modules():
        if isinstance(module, Tappable):
            module.site = Site(name, module.attention) if module.attention else None
            module.block = Site(name, "block") if module.adds else None
