"""Silence while plugins are loaded: what they print is no part of what a command prints, for other programs."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator

#: Standard output and standard error of the process, which C libraries and other programs write to without Python.
OUTPUT, ERROR = 1, 2


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what is printed in the block away from standard output, by whatever means it is printed.

    By ``print``, it goes nowhere; by C libraries, and by programs that are started, to standard error.
    """
    with contextlib.redirect_stdout(_Nowhere()), _output_to_error():
        yield


@contextlib.contextmanager
def _output_to_error() -> Iterator[None]:
    _flush()  # what was printed before goes where it belongs
    try:
        before = os.dup(OUTPUT)
    except OSError:  # it is closed
        yield
        return
    try:
        with contextlib.suppress(OSError):  # standard error is closed
            os.dup2(ERROR, OUTPUT)
        yield
    finally:
        _flush()
        os.dup2(before, OUTPUT)
        os.close(before)


def _flush() -> None:
    """Write out what C libraries hold back."""
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):  # no C library to speak to
        import ctypes

        ctypes.CDLL(None).fflush(None)


class _Nowhere(io.TextIOBase):
    """A standard output that keeps nothing, and stays open for those who come after one that closes it."""

    def close(self) -> None:
        pass

    def write(self, text: str) -> int:
        return len(text)

    def writable(self) -> bool:
        return True
