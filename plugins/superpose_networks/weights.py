"""Weights in files: read safely, straight to where they are needed, with no second copy in memory.

A safetensors file is read as it is, a pickled one as plain data only (`superpose_networks.pickled`), without what
training programs wrap a table of tensors in (`superpose_networks.unwrapping`). What a file claims is held against what
it has, and numbers that are none are refused before they become pictures.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

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


def read_weights(
    path: Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = torch.float32,
    *,
    prefix: str = "",
    within: Sequence[str] = ("",),
    landmark: str = "",
) -> dict[str, Tensor]:
    """The tensors of a file by name.

    ``.safetensors``; the shards that an index (``.json``) names; ``.pt``, ``.pth``, ``.bin``, ``.ckpt``, of which the
    table of tensors is taken that a training program left in it, the averaged one where it has both. In memory there
    is never more than what is returned and one tensor as it is stored, counting what is mapped of the file.

    Arguments:
        path: The file.
        device: Where the tensors go; for "meta" none is read, and they have shapes alone.
        dtype: What floating-point tensors are cast to; None leaves them as stored.
        prefix: Only names that begin so, without it.
        within: Only names that go on with one of these.
        landmark: A name that the network is known by: whatever wrappers put before it is left out.

    Raises:
        RecipeError: The file is missing or damaged, or holds anything but plain tensors of finite numbers: pickled code
            is never run.
    """
    starts = tuple(prefix + one for one in within)
    if torch.device(device).type == "meta":
        shapes = tensor_shapes(path, landmark=landmark).items()
        mine = [(name.removeprefix(prefix), shape) for name, shape in shapes if name.startswith(starts)]
        return {name: torch.empty(shape, dtype=dtype, device=device) for name, shape in mine}
    found: dict[str, Tensor] = {}
    for shard in shards(path):
        with readable(shard):
            for name, value in _stored(shard, starts, landmark):
                if (short := name.removeprefix(prefix)) in found:
                    raise RecipeError(f"{path}: {name} is in two of its shards")
                found[short] = _placed(shard, name, value, device, dtype)
    return found


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


def tensor_shapes(path: Path, *, landmark: str = "") -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a file by name, as `read_weights` names them; no tensor is read.

    Raises:
        RecipeError: As `read_weights`.
    """
    found: dict[str, tuple[int, ...]] = {}
    for shard in shards(path):
        with readable(shard):
            if shard.suffix == ".safetensors":
                with safe_open(shard, framework="pt") as file:
                    names = plain_names(shard, file.keys(), landmark)
                    found |= {name: tuple(file.get_slice(stored).get_shape()) for name, stored in names.items()}
            else:
                table = unwrapped(shard, read_checkpoint(shard))
                names = plain_names(shard, table, landmark)
                found |= {name: tuple(table[stored].shape) for name, stored in names.items()}
    return found


def _stored(path: Path, starts: tuple[str, ...], landmark: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors one by one; each leaves memory, as far as it was mapped, once the next is asked for."""
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            for name, stored in plain_names(path, file.keys(), landmark).items():
                if name.startswith(starts):
                    value = file.get_tensor(stored)
                    yield name, value
                    _unmap(value)
        return
    maps = zipfile.is_zipfile(path)  # others are read whole
    table = unwrapped(path, read_checkpoint(path))
    _check_extents(path, table)
    for name, stored in plain_names(path, table, landmark).items():
        if name.startswith(starts):
            value = table[stored].detach()
            yield name, value
            if maps:
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
