"""Locks of folders: one run at a time, as two would mix their images; and sweeps side by side, the last clears up."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from superpose.errors import RunError

try:
    import fcntl
except ImportError:  # Windows; there two runs in one folder are up to the user
    fcntl = None  # type: ignore[assignment]

LOCK = ".superpose.lock"
#: Held by all who work in the folder of a sweep.
SHARED = ".superpose.sweep.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for the length of the block; the system lets go of it when the program dies.

    Raises:
        RunError: If another run holds it.
    """
    if fcntl is None:
        yield
        return
    path = folder / LOCK
    descriptor = _taken(path)
    try:
        yield
    finally:
        if descriptor is not None:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _taken(path: Path) -> int | None:
    """The open file of a lock that is ours; None on file systems without locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one who held it may have removed it between our opening and our locking.
            if _same(path, descriptor):
                os.truncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
                return descriptor
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace")
            os.close(descriptor)
            raise RunError(
                f"another run (process {holder or 'unknown'}) writes into {path.parent} now: "
                "wait for it, or choose another folder with --out"
            ) from None
        except OSError:  # locks are not known here, as on some network file systems
            os.close(descriptor)
            path.unlink(missing_ok=True)
            return None
        os.close(descriptor)


@contextmanager
def shared(folder: Path, clear: Callable[[], object]) -> Iterator[bool]:
    """Hold a folder beside others for the length of the block.

    Arguments:
        folder: The folder.
        clear: Called by the last who leaves it, while nobody else is in it. On file systems without locks nobody
            knows who is the last, and it is never called.

    Yields:
        Whether others are in it.
    """
    if fcntl is None:
        yield False
        return
    descriptor, others = _joined(folder / SHARED)
    try:
        yield others
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):  # somebody else is in it still
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clear()
                (folder / SHARED).unlink(missing_ok=True)
            os.close(descriptor)


def _joined(path: Path) -> tuple[int | None, bool]:
    """The open file of a lock that we share, and whether others do; None on file systems without locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        others = False
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                others = True
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        except OSError:
            os.close(descriptor)
            return None, False
        if _same(path, descriptor):  # or else the last who left has removed it meanwhile
            return descriptor, others
        os.close(descriptor)


def _same(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
