"""Networks whose every weight is moved, those that begin as zeros too."""

from __future__ import annotations

from typing import Any

import torch


def shaken(network: Any, seed: int) -> Any:
    """The network with every weight random, those that begin at zero or one included."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn(value.shape, generator=generator) * 0.1)
    return network.eval()
