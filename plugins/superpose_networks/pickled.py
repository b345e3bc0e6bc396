"""Pickled files of torch, of which only plain data is read: no code in them or named by them is ever run.

Whatever else than tensors and plain values a training program left in a file becomes an empty shell, which does nothing
with what it is given. Functions of Python's own library, which no such program leaves, are refused by name.
"""

from __future__ import annotations

import _compat_pickle
import pickle
import re
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch

from superpose import RecipeError, regular_file, shown

#: Modules of Python's own library whose classes are data.
PLAIN = (
    "argparse", "collections", "copyreg", "copy_reg", "datetime", "decimal", "enum", "fractions", "logging", "pathlib",
    "types", "typing", "uuid", "_codecs",
)  # fmt: skip
#: Python's own library, by today's names and those of Python 2, which old pickles have.
LIBRARY = {*sys.stdlib_module_names, *_compat_pickle.IMPORT_MAPPING}
#: How files begin that are no weights; compared in lower case.
OTHERS = {
    b"empty": "is empty",
    b"version https://git-lfs": "is a pointer of Git LFS and not the file itself: fetch that by git lfs pull",
    b"<!doctype": "is an HTML page, such as a refused download: download the file again",
    b"<html": "is an HTML page, such as a refused download: download the file again",
    b"<?xml": "is XML, such as a refused download: download the file again",
    b"{": "is JSON: give the file of weights",
    b"\x1f\x8b": "is packed by gzip: unpack it",
    b"\x89hdf": "is a file of HDF5, of another framework: give that of PyTorch",
}
_REFUSED = re.compile(r"(?:GLOBAL|global|class) `?([\w.]+)`? ")


class Shell(dict[Any, Any]):
    """An object of somebody's class, without its class: empty, and deaf."""

    def __new__(cls, *_: object, **__: object) -> Shell:
        """Take whatever it is given."""
        return dict.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        """Do nothing with it."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # it may be a key in a table

    def __setstate__(self, _: object) -> None:
        """Do nothing with it."""

    def __setitem__(self, key: object, value: object) -> None:
        """Do nothing with it."""

    def append(self, _: object) -> None:
        """Do nothing with it."""


def read_checkpoint(path: Path) -> tuple[Any, bool]:
    """All that a pickled file holds, plain values and shells of everything else; whether its tensors are mapped.

    Raises:
        RecipeError: The file is missing or damaged, or wants functions to be called that no training program leaves.
    """
    with readable(path):
        shells: dict[str, Any] = {}
        with path.open("rb") as file:
            if zipped := zipfile.is_zipfile(file):  # others can't be mapped, nor asked what they name
                _check_stored(path, file)
                file.seek(0)
                unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(file)
                shells = {name: _shell(path, name) for name in unsafe}
        while True:
            with torch.serialization.safe_globals([(shell, name) for name, shell in shells.items()]):
                try:
                    return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped), zipped
                except pickle.UnpicklingError as error:
                    found = _REFUSED.search(str(error))
                    if found is None or found[1] in shells:
                        raise
                    shells[found[1]] = _shell(path, found[1])


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Refuse whatever goes wrong in the block with a sentence on the file at ``path``."""
    regular_file(path)
    try:
        yield
    except RecipeError:
        raise
    except Exception as error:  # a reader that is fed a broken file may raise anything
        raise RecipeError(f"{path} is not a readable file of plain tensors: {_reason(path, error)}") from error


def _reason(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(64) or b"empty"
    for mark, what in OTHERS.items():
        if start.lower().lstrip().startswith(mark):
            return f"it {what}"
    if path.suffix == ".safetensors" and start.startswith(b"PK"):
        return "it is one of PyTorch's own: rename it to .pt"
    if path.suffix != ".safetensors" and start[8:9] == b"{":
        return "it is in the format safetensors: rename it to .safetensors"
    if path.suffix == ".safetensors" or isinstance(error, OSError):
        text = str(error).strip() or type(error).__name__
        return shown(text.splitlines()[0], 200)[1:-1]
    # What torch says of a pickle goes on to advise to read it unsafely.
    found = _REFUSED.search(str(error))
    return f"it names {found[1]}, which is no plain data" if found else "it is damaged, or no file of PyTorch"


def _check_stored(path: Path, opened: BinaryIO) -> None:
    """Refuse what is packed, which torch never writes, and which may unpack to more than there is memory."""
    with zipfile.ZipFile(opened) as file:
        for one in file.infolist():
            if one.compress_type != zipfile.ZIP_STORED:
                raise RecipeError(f"{path} is a packed zip file, which PyTorch does not write: unpack it")


def _shell(path: Path, name: str) -> type[Shell]:
    module, _, short = name.rpartition(".")
    room = module.partition(".")[0]
    if room in LIBRARY and room not in PLAIN:
        raise RecipeError(
            f"{path} is not a readable file of plain tensors: it wants {name} to be called, which is refused"
        )
    return type(short, (Shell,), {"__module__": module})
