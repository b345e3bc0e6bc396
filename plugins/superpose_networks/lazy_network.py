"""One network of several in a checkpoint: known before its weights are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import torch
from torch import Tensor, nn

from superpose_networks.loading import assign, ready


@attrs.frozen
class LazyNetwork:
    """One network of a checkpoint.

    Attributes:
        build: Makes it, without weights.
        read: Its weights by the names it has, given a device and a dtype.
        source: The file they are in.
    """

    build: Callable[[], nn.Module]
    read: Callable[[str, torch.dtype], dict[str, Tensor]]
    source: Path

    def load(self, device: str, dtype: torch.dtype) -> nn.Module:
        """The network with its weights, ready to be asked."""
        with torch.device("meta"):  # no memory, no random numbers
            network = self.build()
        assign(network, self.read(device, dtype), str(self.source))
        return ready(network)
