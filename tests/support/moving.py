"""Views that move values about and change at most their signs."""

from __future__ import annotations

import torch

from superpose import View


def moves_values(view: View, size: tuple[int, int, int]) -> bool:
    """Whether it shows the very values of an image, in other places or with other signs."""
    x = torch.randn(1, *size, generator=torch.Generator().manual_seed(0))
    return torch.equal(view.apply(x).abs().flatten().sort().values, x.abs().flatten().sort().values)
