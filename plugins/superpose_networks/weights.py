"""Weights in files: read safely, straight to where they are needed, with no second copy in memory.

A safetensors file is read as it is, a pickled one as plain data only (`superpose_networks.pickled`), without what
training programs wrap a table of tensors in (`superpose_networks.unwrapping`). What a file claims is held against what
it has, and numbers that are none are refused before they become pictures.
"""

from __future__ import annotations

import ctypes
import math
import mmap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from safetensors import safe_open
from torch import Tensor

from superpose import RecipeError, read_json, shown
from superpose_networks.pickled import read_checkpoint, readable
from superpose_networks.unwrapping import plain_names, unwrapped

#: Tensors that are no numbers of a network: the mask that keeps words from those behind them has infinities.
MASKS = "attn_mask"
#: How often the bytes of a file may be named by its tensors together.
SHARED = 8


@attrs.frozen
class Part:
    """Tensors of a file that belong together.

    Attributes:
        dtype: What floating-point tensors are cast to; None leaves them as stored.
        prefix: Only names that begin so, without it.
        within: Only names that go on with one of these.
        wide: Ends of names whose tensors are in float32, whatever the others are.
    """

    dtype: torch.dtype | None = torch.float32
    prefix: str = ""
    within: tuple[str, ...] = ("",)
    wide: tuple[str, ...] = ()

    def named(self, name: str) -> str | None:
        """The name of a tensor here; None where it is none of these."""
        starts = tuple(self.prefix + one for one in self.within)
        return name.removeprefix(self.prefix) if name.startswith(starts) else None

    def cast(self, name: str) -> torch.dtype | None:
        """The dtype of a tensor."""
        return torch.float32 if self.wide and name.endswith(self.wide) else self.dtype


def read_parts(
    path: Path, files: Iterable[Path], parts: Sequence[Part], device: str | torch.device, landmark: str = ""
) -> list[dict[str, Tensor]]:
    """The tensors of each part by name, of the shards ``files`` of ``path``, each of which is read once.

    In memory there is never more than what is returned and one tensor as it is stored, counting what is mapped.
    """
    found: list[dict[str, Tensor]] = [{} for _ in parts]
    for file in files:
        with readable(file):
            for name, value in _stored(file, parts, landmark):
                for part, mine in zip(parts, found, strict=True):
                    if (short := part.named(name)) is None:
                        continue
                    if short in mine:
                        raise RecipeError(f"{path}: {name} is in two of its shards")
                    mine[short] = _placed(file, name, value, device, part.cast(name))
    return found


def shaped(part: Part, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of a part of a file, as shapes alone."""
    mine = ((part.named(name), name, shape) for name, shape in shapes.items())
    return {
        short: torch.empty(shape, dtype=part.cast(name), device="meta")
        for short, name, shape in mine
        if short is not None
    }


def shards(path: Path) -> list[Path]:
    """The files of weights that an index (``.json``) names, all beside it; of any other file, itself.

    Raises:
        RecipeError: It is no index, or names anything but files of weights in its own folder.
    """
    if path.suffix != ".json":
        return [path]
    names = read_json(path).table("weight_map")
    shards = {names.text(name) for name in names}
    for shard in shards:
        if Path(shard).name != shard or "\\" in shard or "\0" in shard or Path(shard).suffix in ("", ".json"):
            raise RecipeError(f"{path}: weight_map names {shown(shard)}, which is no file of weights beside it")
    return [path.parent / name for name in sorted(shards)]


@attrs.frozen
class Header:
    """Content of a file of weights, without the weights.

    Attributes:
        shapes: Of every tensor by name.
        values: The tensors that were asked for, as stored.
        notes: What was left beside the weights: options of the training (``hyper_parameters``), or the texts of a
            safetensors file.
    """

    shapes: Mapping[str, tuple[int, ...]]
    values: Mapping[str, Tensor]
    notes: Mapping[str, Any]


def read_header(files: Iterable[Path], landmark: str = "", wanted: Collection[str] = ()) -> Header:
    """Content of shards of weights without the weights, but for the tensors of the names ``wanted``."""
    shapes: dict[str, tuple[int, ...]] = {}
    values: dict[str, Tensor] = {}
    notes: Mapping[str, Any] = {}
    for path in files:
        with readable(path):
            if path.suffix == ".safetensors":
                with safe_open(path, framework="pt") as file:
                    names, notes = plain_names(path, file.keys(), landmark), file.metadata() or {}
                    shapes |= {name: tuple(file.get_slice(stored).get_shape()) for name, stored in names.items()}
                    found = {name: file.get_tensor(names[name]) for name in wanted if name in names}
                    values |= {name: _placed(path, name, value, "cpu", None) for name, value in found.items()}
            else:
                stored, _ = read_checkpoint(path)
                table = unwrapped(path, stored)
                names = plain_names(path, table, landmark)
                shapes |= {name: tuple(table[stored].shape) for name, stored in names.items()}
                found = {name: table[names[name]].detach() for name in wanted if name in names}
                values |= {name: _placed(path, name, value, "cpu", None) for name, value in found.items()}
                notes = stored.get("hyper_parameters", {}) if isinstance(stored, dict) else {}
    return Header(shapes, values, dict(notes) if isinstance(notes, Mapping) else {})


def _stored(path: Path, parts: Sequence[Part], landmark: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors one by one; each leaves memory, as far as it was mapped, once the next is asked for."""
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            for name, stored in plain_names(path, file.keys(), landmark).items():
                if any(part.named(name) is not None for part in parts):
                    value = file.get_tensor(stored)
                    yield name, value
                    _unmap(value)
        return
    content, mapped = read_checkpoint(path)
    table = unwrapped(path, content)
    _check_extents(path, table)
    for name, stored in plain_names(path, table, landmark).items():
        if any(part.named(name) is not None for part in parts):
            value = table[stored].detach()
            yield name, value
            if mapped:
                _unmap(value)


def _check_extents(path: Path, table: Mapping[str, Tensor]) -> None:
    """Refuse tensors of which a copy would be larger than what the file has: a step of 0 makes a number billions."""
    total = 0
    for name, value in table.items():
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized or value.is_nested:
            raise RecipeError(f"{path}: {name} is not a plain tensor in memory")
        if value.nbytes > value.untyped_storage().nbytes():
            raise RecipeError(
                f"{path}: {name} claims {value.nbytes} bytes, and {value.untyped_storage().nbytes()} are stored"
            )
        total += value.nbytes
    if total > SHARED * path.stat().st_size:
        raise RecipeError(f"{path} claims {total} bytes of tensors, and has {path.stat().st_size}")


def _unmap(value: Tensor) -> None:
    """Let the pages of a mapped tensor leave memory now; asked for again, they would be read from the file again.

    Else they would stay until the whole file is closed, and count as memory of this program beside the copies. Only
    what lies within the tensor's own storage is let go, whatever its sizes and steps say.
    """
    if not hasattr(mmap, "MADV_DONTNEED") or not value.numel():
        return
    storage = value.untyped_storage()
    reach = sum((size - 1) * step for size, step in zip(value.shape, value.stride(), strict=True)) + 1
    end = min(value.data_ptr() + reach * value.element_size(), storage.data_ptr() + storage.nbytes())
    first = -(-value.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
    size = end - first
    if size >= mmap.PAGESIZE:  # pages that are the tensor's alone
        size -= size % mmap.PAGESIZE
        ctypes.CDLL(None).madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


def _placed(path: Path, name: str, value: Tensor, device: str | torch.device, dtype: torch.dtype | None) -> Tensor:
    # A copy even where nothing changes: one tensor left in the file would keep all of it mapped.
    placed = value.to(device=device, dtype=dtype if value.is_floating_point() else None, copy=True)
    if not name.endswith(MASKS) and not _finite(placed):
        if _finite(value):
            raise RecipeError(f"{path}: {name} has numbers too large for {placed.dtype}: write a wider dtype")
        raise RecipeError(
            f"{path}: {name} has numbers that are none (NaN or infinite): training failed, or the file is damaged"
        )
    return placed


def _finite(value: Tensor) -> bool:
    if not value.is_floating_point():
        return True
    if value.element_size() == 1:  # torch does not calculate in these
        value = value.float()
    # The extremes show any in one pass, and need no memory of the tensor's size.
    return not value.numel() or all(math.isfinite(float(extreme)) for extreme in value.aminmax())
