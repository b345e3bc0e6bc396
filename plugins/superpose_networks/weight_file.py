"""A file of weights that is opened twice: for its names and shapes, and for the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import attrs
import torch
from torch import Tensor

from superpose_networks.weights import Header, Part, read_header, read_parts, shaped, shards


@attrs.frozen(eq=False, slots=False)  # what is read once is kept
class WeightFile:
    """A file of weights, or the index of several.

    Attributes:
        path: The file.
        landmark: A name that its network is known by: whatever wrappers put before it is left out.
        wanted: Names of tensors whose values say something of the network.

    Raises:
        RecipeError: As `read_weights`, when anything is asked for.
    """

    path: Path
    landmark: str = ""
    wanted: tuple[str, ...] = ()

    @cached_property
    def shards(self) -> Sequence[Path]:
        """The files that have the weights; of most, itself."""
        return shards(self.path)

    @cached_property
    def header(self) -> Header:
        """Content without the weights."""
        return read_header(self.shards, self.landmark, self.wanted)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of every tensor by name."""
        return self.header.shapes

    def read(self, parts: Sequence[Part], device: str | torch.device) -> list[dict[str, Tensor]]:
        """The tensors of each part by name, all in one reading; of the device "meta" they have shapes alone."""
        if torch.device(device).type == "meta":
            return [shaped(part, self.shapes) for part in parts]
        return read_parts(self.path, self.shards, parts, device, self.landmark)


def read_weights(
    path: Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = torch.float32,
    *,
    prefix: str = "",
    within: tuple[str, ...] = ("",),
    landmark: str = "",
) -> dict[str, Tensor]:
    """The tensors of a file by name.

    ``.safetensors``; the shards that an index (``.json``) names; ``.pt``, ``.pth``, ``.bin``, ``.ckpt``, of which the
    table of tensors is taken that a training program left in it, the averaged one where it has both.

    Arguments:
        path: The file.
        device: Where the tensors go; for "meta" none is read, and they have shapes alone.
        dtype, prefix, within: As for `Part`.
        landmark: As for `WeightFile`.

    Raises:
        RecipeError: The file is missing or damaged, or holds anything but plain tensors of finite numbers: pickled code
            is never run.
    """
    return WeightFile(path, landmark).read([Part(dtype, prefix, within)], device)[0]


def tensor_shapes(path: Path, *, landmark: str = "") -> Mapping[str, tuple[int, ...]]:
    """The shape of every tensor of a file by name, as `read_weights` names them; no tensor is read."""
    return WeightFile(path, landmark).shapes


def named_shards(files: Mapping[str, WeightFile]) -> dict[str, Path]:
    """Every file of weights by the name of its part, with its own behind it where a part has several."""
    return {
        name if shard == file.path else f"{name}/{shard.name}": shard
        for name, file in files.items()
        for shard in file.shards
    }
