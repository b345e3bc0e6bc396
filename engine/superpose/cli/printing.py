"""Printing of commands, safe for a terminal; a stream that can't be written never stops a command."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from superpose.errors import SuperposeError
from superpose.terminal import printable

#: Characters of one line, and lines of one message, that are printed.
LINE, LINES = 2000, 100


def say(text: object) -> None:
    """Print a line on standard output, at once: who reads it may act on each."""
    print(printable(text, LINE), flush=True)


def say_all(text: str) -> None:
    """Print a text of many lines that are meant as such."""
    for line in text.split("\n"):
        say(line)


def complain(error: object) -> None:
    """Print an error or a note on standard error, one line a mistake."""
    lines = error.lines if isinstance(error, SuperposeError) else (error,)
    told = [printable(line, LINE) for line in lines[:LINES]]
    if len(lines) > LINES:
        told.append(f"... and {len(lines) - LINES} more")
    print("superpose:", "\n".join(told), file=sys.stderr)


def marked(text: object) -> str:
    """A text as rich prints it to the letter."""
    from rich.markup import escape

    return escape(printable(text, LINE))


@contextlib.contextmanager
def unstoppable() -> Iterator[tuple[Stream, Stream]]:
    """Standard output and error for the length of the block, as streams that remember their failure."""
    before = sys.stdout, sys.stderr
    mine = Stream(sys.stdout), Stream(sys.stderr)
    sys.stdout, sys.stderr = mine
    try:
        yield mine
    finally:
        for stream in mine:
            stream.flush()
        sys.stdout, sys.stderr = before


class Stream:
    """A standard stream that goes silent where writing fails.

    Attributes:
        failure: Why it went silent; None while it is written, and where its reader has merely gone (``| head``).
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream  # None where the program was started without one
        self.silent = stream is None
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write; what the encoding of the stream lacks is escaped."""
        if not self.silent and self.stream is not None:
            with self._watched():
                try:
                    self.stream.write(text)
                except UnicodeEncodeError:
                    coding = self.stream.encoding
                    self.stream.write(text.encode(coding, "backslashreplace").decode(coding))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        if not self.silent and self.stream is not None:
            with self._watched():
                self.stream.flush()

    def isatty(self) -> bool:
        """True where a person reads it."""
        return not self.silent and self.stream is not None and self.stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # a stream that was closed raises ValueError
            self.silent = True
            if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
                self.failure = error
            # What is buffered still would fail once more when Python ends.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.stream.fileno())  # type: ignore[union-attr]
                os.close(nowhere)
