r"""The terminal's own word: which graphics it draws, and how large its cells are.

It is asked at once for kitty's graphics (``ESC _ G a=q``), for the size of a cell (``CSI 16 t``) and for its device
attributes (``CSI c``), which each terminal answers, and last: so nobody waits for what will not come. Attribute 4 says
that it draws sixels.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Iterator
from typing import Literal, TextIO, TypeAlias

import attrs

#: How pictures come onto a terminal.
Graphics: TypeAlias = Literal["kitty", "sixel", "blocks"]
GRAPHICS: tuple[Graphics, ...] = ("kitty", "sixel", "blocks")
#: Three questions, and what some old terminals print of the first is wiped away.
QUESTION = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c\r\x1b[2K"
#: Seconds that the answer is waited for.
PATIENCE = 1.0
#: Pixels of a cell where a terminal does not say, across and down: a VT340's.
CELL = (10, 20)


@attrs.frozen
class Terminal:
    """Abilities of a terminal.

    Attributes:
        columns: Cells from left to right.
        lines: Cells from top to bottom.
        graphics: The best way to show a picture on it.
        cell: Pixels of a cell, across and down.
    """

    columns: int
    lines: int
    graphics: Graphics = "blocks"
    cell: tuple[int, int] = CELL


def terminal_of(stream: TextIO, columns: int, lines: int, graphics: Graphics | None = None) -> Terminal:
    """The terminal behind a stream, as it answers; one of characters alone where it does not.

    Arguments:
        stream: Leads to it.
        columns: Cells from left to right.
        lines: Cells from top to bottom.
        graphics: What it draws, whatever it says.
    """
    said = understood(b"" if graphics == "blocks" else _answer(stream), columns, lines)
    return attrs.evolve(said, graphics=graphics or said.graphics)


def understood(answer: bytes, columns: int, lines: int) -> Terminal:
    """The terminal that gave an answer."""
    size = re.search(rb"\x1b\[6;(\d{1,3});(\d{1,3})t", answer)
    down, across = (int(each) for each in size.groups()) if size else (0, 0)
    return Terminal(columns, lines, _drawn(answer), (across, down) if across and down else CELL)


def _drawn(answer: bytes) -> Graphics:
    if b"\x1b_Gi=31;OK" in answer:
        return "kitty"
    attributes = re.search(rb"\x1b\[\?([\d;]*)c", answer)
    # The first number is the terminal's class.
    return "sixel" if attributes and b"4" in attributes[1].split(b";")[1:] else "blocks"


def _answer(stream: TextIO) -> bytes:
    """All that a terminal answers; nothing where it can't be asked."""
    try:
        import termios
    except ImportError:  # Windows
        return b""
    try:
        terminal = os.open(os.ttyname(stream.fileno()), os.O_RDWR | os.O_NOCTTY)
    except (OSError, ValueError, AttributeError):
        return b""
    try:
        # Whoever is in the background would be stopped for asking.
        if os.tcgetpgrp(terminal) != os.getpgrp():
            return b""
        with _unheard(terminal):
            os.write(terminal, QUESTION)
            return _read(terminal)
    except (OSError, termios.error):
        return b""
    finally:
        os.close(terminal)


def _read(terminal: int) -> bytes:
    """Bytes up to the attributes, or until nothing has come for too long."""
    answer, until = b"", time.monotonic() + PATIENCE
    while not re.search(rb"\x1b\[\?[\d;]*c", answer):
        ready, _, _ = select.select([terminal], [], [], max(0.0, until - time.monotonic()))
        block = os.read(terminal, 1024) if ready else b""
        if not block:
            break
        answer += block
    return answer


@contextlib.contextmanager
def _unheard(terminal: int) -> Iterator[None]:
    """The terminal hands on each character at once and repeats none, for the length of the block."""
    import termios

    before = termios.tcgetattr(terminal)
    mode = termios.tcgetattr(terminal)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
