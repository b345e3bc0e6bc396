"""Weights in files: read safely, straight to where they are needed, with no second copy in memory.

A safetensors file is read as it is. Of pickled files only plain data is read (``weights_only``): the records of
training frameworks beside the tensors become empty shells, and any other code in a file is refused by name.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from superpose.errors import RecipeError
from superpose.files import regular_file
from superpose.tables import read_json

#: What the table of tensors is called in files of training, where there are several: the averaged weights.
TABLES = ("state_dict", "ema")
#: What training frameworks leave beside the tensors, by the first word of its name.
FRAMEWORKS = (
    "pytorch_lightning", "lightning", "lightning_fabric", "omegaconf", "numpy", "argparse", "typing", "_codecs",
)  # fmt: skip


def read_weights(
    path: Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = torch.float32,
    *,
    prefix: str = "",
    within: Sequence[str] = ("",),
) -> dict[str, Tensor]:
    """The tensors of a file by name.

    ``.safetensors``; the shards that an index (``.json``) names; ``.pt``, ``.pth``, ``.bin``, ``.ckpt``, of which the
    ``state_dict`` is taken where there is one, or ``ema``, the averaged weights. In memory there is never more than
    what is returned and one tensor as it is stored, counting what is mapped of the file.

    Arguments:
        path: The file.
        device: Where the tensors go.
        dtype: What floating-point tensors are cast to; None leaves them as stored.
        prefix: Only names that begin so, without it.
        within: Only names that go on with one of these.

    Raises:
        RecipeError: The file is missing or damaged, or holds anything but plain tensors: pickled code is never run.
    """
    if path.suffix == ".json":
        return {
            name: value
            for shard in shards(path)
            for name, value in read_weights(shard, device, dtype, prefix=prefix, within=within).items()
        }
    found: dict[str, Tensor] = {}
    with _refusing(path):
        for name, value in _stored(path, tuple(prefix + one for one in within)):
            found[name.removeprefix(prefix)] = _placed(value, device, dtype)
    return found


def shards(path: Path) -> list[Path]:
    """The files of weights that an index (``.json``) names; of any other file, itself."""
    if path.suffix != ".json":
        return [path]
    return [path.parent / name for name in sorted(set(read_json(path)["weight_map"].values()))]


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a file by name, as `read_weights` names them; no tensor is read.

    Raises:
        RecipeError: As `read_weights`.
    """
    if path.suffix == ".json":
        return {name: shape for shard in shards(path) for name, shape in tensor_shapes(shard).items()}
    with _refusing(path):
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118, not a dict
        return {name: tuple(value.shape) for name, value in _tensors(path, read_checkpoint(path)).items()}


def read_checkpoint(path: Path) -> Any:
    """All that a pickled file holds: tensors mapped from the file, plain values, and shells of everything else.

    Raises:
        RecipeError: The file is missing or damaged, or wants code to be run that no training framework leaves.
    """
    with _refusing(path):
        try:
            foreign = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        except ValueError:  # only files in the zip format can be asked, and mapped
            return torch.load(path, map_location="cpu", weights_only=True)
        shells: Any = [(_shell(name), name) for name in foreign if name.partition(".")[0] in FRAMEWORKS]
        with torch.serialization.safe_globals(shells):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; computed once as long as the file stays as it is."""
    about = regular_file(path).stat()
    return _digest(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=64)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stored(path: Path, starts: tuple[str, ...]) -> Iterator[tuple[str, Tensor]]:
    """The tensors one by one; each leaves memory, as far as it was mapped, once the next is asked for."""
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118, not a dict
                if name.startswith(starts):
                    value = file.get_tensor(name)
                    yield name, value
                    _unmap(value)
        return
    maps = _is_zip(path)  # others are read whole
    for name, value in _tensors(path, read_checkpoint(path)).items():
        if name.startswith(starts):
            yield name, value
            if maps:
                _unmap(value)


def _unmap(value: Tensor) -> None:
    """Let the pages of a mapped tensor leave memory now; asked for again, they would be read from the file again.

    Else they would stay until the whole file is closed, and count as memory of this program beside the copies.
    """
    if not hasattr(mmap, "MADV_DONTNEED"):
        return
    first = -(-value.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
    size = value.data_ptr() + value.nbytes - first
    if size >= mmap.PAGESIZE:  # pages that are the tensor's alone
        size -= size % mmap.PAGESIZE
        ctypes.CDLL(None).madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


def _tensors(path: Path, stored: Any) -> dict[str, Tensor]:
    for table in TABLES if isinstance(stored, dict) else ():
        if isinstance(stored.get(table), dict):
            stored = stored[table]
            break
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise RecipeError(
            f"{path} does not hold a plain table of tensors by name, nor one called {' or '.join(TABLES)}"
        )
    return stored


def _placed(value: Tensor, device: str | torch.device, dtype: torch.dtype | None) -> Tensor:
    # A copy even where nothing changes: one tensor left in the file would keep all of it mapped.
    return value.to(device=device, dtype=dtype if value.is_floating_point() else None, copy=True)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    regular_file(path)
    try:
        yield
    except RecipeError:
        raise
    except Exception as error:  # a reader that is fed a broken file may raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RecipeError(f"{path} is not a readable file of plain tensors: {reason}") from error


def _shell(name: str) -> type:
    """A class that stands for one of a training framework: it takes whatever it is given and does nothing."""
    module, _, short = name.rpartition(".")

    def new(cls: type[dict[str, Any]], *_: object, **__: object) -> dict[str, Any]:
        return dict.__new__(cls)

    def nothing(*_: object, **__: object) -> None:
        return None

    return type(short, (dict,), {"__module__": module, "__new__": new, "__init__": nothing, "__setstate__": nothing})
