"""Files that are whole or absent: the one way in which files are written.

A file is written inside a hidden folder of ours beside its place, put on the disk, and renamed. So a reader sees the
old file or the new one, a failure leaves nothing, and the permissions are those that the user's umask gives.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.errors import RecipeError, RunError

if TYPE_CHECKING:
    from torch import Tensor

_DRAFT = re.compile(r"\.superpose-\d+-[0-9a-f]{8}\.part")


def make_writable(folder: Path) -> None:
    """Make a folder that files can be written into.

    Raises:
        RecipeError: If there can be none.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = _draft(folder)  # named as drafts are, so that one who dies here leaves nothing that nobody clears away
        draft.mkdir()
        draft.rmdir()
    except OSError as error:
        raise RecipeError(
            f"cannot write into {folder}: {error.strerror or error}; choose another folder with --out"
        ) from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path to write to, which replaces ``path`` when the block ends well, and is gone when it does not.

    Raises:
        RunError: If the file can't be written: the disk is full, or a folder has its name.
    """
    place = Path(os.path.realpath(path))  # what a link points to is replaced, not the link
    try:
        if place.exists() and not place.is_file() and not place.is_dir():
            yield place  # a device such as /dev/stdout
            return
        folder = _draft(place.parent)
        folder.mkdir()
        try:
            yield folder / place.name
            # Some libraries write files that only their owner can read. The folder tells the umask without changing it.
            (folder / place.name).chmod(stat.S_IMODE(folder.stat().st_mode) & 0o666)
            on_disk(folder / place.name)
            (folder / place.name).replace(place)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # the file is whole; some systems can't do this to a folder
            on_disk(place.parent)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error


def write_text(text: str, path: str | Path) -> None:
    """Write a text, whole or not at all.

    Raises:
        RunError: If the file can't be written.
    """
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write bytes, whole or not at all.

    Raises:
        RunError: If the file can't be written.
    """
    with replacing(path) as draft:
        draft.write_bytes(content)


def write_tensors(tensors: Mapping[str, Tensor], path: str | Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file, whole or not at all.

    Raises:
        RunError: If the file can't be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with replacing(path) as draft:
        try:
            save_file({name: value.contiguous() for name, value in tensors.items()}, draft, dict(metadata or {}))
        except SafetensorError as error:
            raise RunError(f"cannot write {path}: {error}") from error


def clear_drafts(folder: Path) -> None:
    """Remove what killed writers of ours have left in a folder that nobody else of ours writes into."""
    for left in folder.iterdir():
        if _DRAFT.fullmatch(left.name):
            shutil.rmtree(left, ignore_errors=True)


def _draft(folder: Path) -> Path:
    return folder / f".superpose-{os.getpid()}-{secrets.token_hex(4)}.part"


def on_disk(path: Path) -> None:
    """Have the disk hold what was written, so that a power cut after the renaming leaves no empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
