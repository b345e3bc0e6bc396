"""Networks in files of weights: known before these are read, and read together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import attrs
import torch
from torch import Tensor, nn

from superpose import torch_dtype
from superpose_networks.loading import assign, ready
from superpose_networks.unfilled import unfilled
from superpose_networks.weight_file import WeightFile
from superpose_networks.weights import Part

#: The network's class.
C_co = TypeVar("C_co", bound=nn.Module, covariant=True)


def _as_they_are(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return weights


@attrs.frozen
class LazyNetwork(Generic[C_co]):
    """One network of a checkpoint.

    Attributes:
        build: Makes it, without weights.
        file: The file they are in.
        names: The weights by the names that the network has, from a table by the file's, which it may empty.
        part: The weights in the file; the dtype comes when they are read.
        title: The network among several in the file, for messages.
    """

    build: Callable[[], C_co]
    file: WeightFile
    names: Callable[[dict[str, Tensor]], dict[str, Tensor]] = _as_they_are
    part: Part = attrs.field(factory=Part)
    title: str = ""

    def load(self, device: str | torch.device, dtype: str | torch.dtype) -> C_co:
        """The network with its weights, ready to be asked."""
        [weights] = self.file.read([attrs.evolve(self.part, dtype=torch_dtype(dtype))], device)
        return self.made(weights)

    def made(self, weights: dict[str, Tensor]) -> C_co:
        """The network with weights that were read, ready to be asked; the table is emptied."""
        with unfilled():
            network = self.build()
        title = f" ({self.title})" if self.title else ""
        if (named := self.names(weights)) is not weights:
            weights.clear()  # or what is joined would be in memory twice
        assign(network, named, f"{self.file.path}{title}")
        return ready(network)


def load_together(
    device: str | torch.device, *networks: tuple[LazyNetwork[nn.Module] | None, str | torch.dtype]
) -> list[Any]:
    """Networks of one checkpoint, each in its dtype, ready to be asked: every file is read once. None stays None."""
    made: list[nn.Module | None] = [None] * len(networks)
    there = [(i, network, dtype) for i, (network, dtype) in enumerate(networks) if network is not None]
    for file in dict.fromkeys(network.file for _, network, _ in there):
        mine = [one for one in there if one[1].file is file]
        tables = file.read([attrs.evolve(network.part, dtype=torch_dtype(dtype)) for _, network, dtype in mine], device)
        for (i, network, _), table in zip(mine, tables, strict=True):
            made[i] = network.made(table)
    return made
