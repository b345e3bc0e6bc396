"""Files that somebody names, opened with care: regular ones, of a bounded size.

A pipe would be waited for without end and a device read without end, whether it is named itself or by a link.
"""

from __future__ import annotations

import hashlib
import stat
from functools import lru_cache
from pathlib import Path

from superpose.errors import RecipeError

#: Most bytes of a file of text; the largest index of sharded weights has a tenth.
TEXT = 16 * 2**20


def regular_file(path: Path, most: int | None = None) -> Path:
    """The path of a file that may be opened: it is there, regular, and has at most ``most`` bytes.

    Raises:
        RecipeError: It is missing, a folder, a pipe, a socket, a device, or larger.
    """
    try:
        about = path.stat()
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError for a zero byte in the name
        raise RecipeError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(about.st_mode):
        what = "a folder" if stat.S_ISDIR(about.st_mode) else "a pipe, a socket or a device"
        raise RecipeError(f"{path} is {what}, not a file")
    if most is not None and about.st_size > most:
        raise RecipeError(f"{path} has {about.st_size} bytes, more than the {most} that are read of such a file")
    return path


def read_bytes(path: Path, most: int) -> bytes:
    """All of a regular file of at most ``most`` bytes.

    Raises:
        RecipeError: As `regular_file`, or it can't be read.
    """
    try:
        with regular_file(path, most).open("rb") as file:
            content = file.read(most + 1)  # it may have grown; what the system makes up has no size
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    if len(content) > most:
        raise RecipeError(f"{path} has more than the {most} bytes that are read of such a file")
    return content


def read_text(path: Path, most: int = TEXT) -> str:
    """The text of a regular file in UTF-8, with or without a mark at its beginning.

    Raises:
        RecipeError: As `read_bytes`, or it is not UTF-8.
    """
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path} is not text in UTF-8: {error}") from error


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; computed once as long as the file stays as it is."""
    about = regular_file(path).stat()
    return _digest(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=64)
def _digest(path: Path, *_: int) -> str:
    return read_digest(path)


def read_digest(path: Path) -> str:
    """SHA-256 of a file, which is read for it whatever is known of it."""
    with regular_file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
