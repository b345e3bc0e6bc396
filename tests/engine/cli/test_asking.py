"""A terminal is asked once, and taken at its word."""

import io
import os
import threading

import pytest

from superpose.cli.asking import CELL, QUESTION, terminal_of, understood
from terminals import KITTY, PLAIN, SIXEL


@pytest.mark.parametrize(
    ("answer", "graphics", "cell"),
    [
        (PLAIN, "blocks", CELL),
        (SIXEL, "sixel", (8, 16)),
        (KITTY, "kitty", (8, 16)),
        (b"", "blocks", CELL),
        (b"\x1b[?64;14;44c", "blocks", CELL),  # neither 14 nor 44 is 4
        (b"\x1b[?4c", "blocks", CELL),  # the class of the terminal, and nothing that it can do
        (b"\x1b_Gi=31;ENOTSUP\x1b\\\x1b[?62;4c", "sixel", CELL),
        (b"\x1b[6;0;0t\x1b[?62c", "blocks", CELL),
    ],
)
def test_answers(answer, graphics, cell):
    found = understood(answer, 80, 24)
    assert (found.graphics, found.cell, found.columns, found.lines) == (graphics, cell, 80, 24)


def test_what_is_no_terminal_is_not_asked(tmp_path):
    assert terminal_of(io.StringIO(), 80, 24).graphics == "blocks"
    with (tmp_path / "log").open("w") as file:
        assert terminal_of(file, 80, 24).graphics == "blocks"
    assert (tmp_path / "log").read_text() == ""


def test_a_terminal_that_is_not_ours_is_not_asked():
    host, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stream:
        assert terminal_of(stream, 80, 24).graphics == "blocks"
        os.set_blocking(host, False)
        with pytest.raises(BlockingIOError):
            os.read(host, 1)
    os.close(host)


def test_who_names_the_graphics_is_taken_at_his_word():
    assert terminal_of(io.StringIO(), 80, 24, "sixel").graphics == "sixel"


@pytest.mark.parametrize("answer", [SIXEL, None])
def test_it_hears_the_answer_and_leaves_the_terminal_as_it_was(answer, monkeypatch):
    termios = pytest.importorskip("termios")
    host, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    heard = []

    def reply():
        while QUESTION[-3:] not in b"".join(heard):
            heard.append(os.read(host, 1024))
        if answer:
            for byte in answer:
                os.write(host, bytes([byte]))

    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())  # as in the foreground of it
    monkeypatch.setattr("superpose.cli.asking.PATIENCE", 60 if answer else 0.05)
    answering = threading.Thread(target=reply)
    answering.start()
    with os.fdopen(terminal, "w") as stream:
        found = terminal_of(stream, 80, 24)
        answering.join(timeout=60)
        assert termios.tcgetattr(terminal) == before
    os.close(host)
    assert found.graphics == ("sixel" if answer else "blocks")
