"""A terminal that a program runs on: it keeps what it is told, and answers what it is asked as it was made to."""

import contextlib
import os
import re
import subprocess
import sys
import threading

import numpy as np

#: Runs a command of superpose with the terminal as its own, so that it may ask it.
COMMAND = (
    "import os, sys; os.login_tty(os.dup(2)); from superpose.cli import main; "
    "code = main(sys.argv[1:]); sys.stderr.flush(); os._exit(code)"
)
#: What a terminal that shows nothing but characters answers, one with sixels of cells of 8x16, and a kitty.
PLAIN, SIXEL, KITTY = b"\x1b[?62;22c", b"\x1b[6;16;8t\x1b[?62;4;22c", b"\x1b_Gi=31;OK\x1b\\\x1b[6;16;8t\x1b[?62c"


def on_terminal(arguments, answer=PLAIN):
    """Run a command on such a terminal, of 80 columns; its code and all that it wrote."""
    host, terminal = os.openpty()
    written = bytearray()

    def read():
        told = False
        with contextlib.suppress(OSError):  # which is how a closed terminal ends
            while block := os.read(host, 65536):
                written.extend(block)
                if not told and b"\x1b[c" in written:
                    told = True
                    os.write(host, answer)

    reader = threading.Thread(target=read)
    reader.start()
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "80", "LINES": "40"}
    with subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stderr=terminal, env=environment) as program:
        os.close(terminal)
        code = program.wait(timeout=300)
    reader.join(timeout=60)
    os.close(host)
    return code, bytes(written)


def of_sixels(told):
    """The picture that sixels draw, (H, W, 3), in shares of 100; read by another way than they are written."""
    head, _, body = told.partition("q")
    assert head.startswith("\x1bP")
    assert body.endswith("\x1b\\")
    x, y, colour, palette, picture = 0, 0, 0, {}, None
    words = re.findall(r"(?:[\"#][\d;]+|!\d+.|[$\-?-~])", body[:-2])
    assert "".join(words) == body[:-2]
    for word in words:
        numbers = [int(each) for each in re.findall(r"\d+", word)]
        if word[0] == '"':
            picture = np.full((numbers[3], numbers[2], 3), -1)
        elif word[0] == "#":
            colour = numbers[0]
            palette.update({colour: numbers[2:]} if numbers[1:2] == [2] else {})
        elif word in "$-":
            x, y = 0, y + 6 * (word == "-")
        else:
            times = numbers[0] if word[0] == "!" else 1
            for bit in np.flatnonzero([(ord(word[-1]) - 63) >> bit & 1 for bit in range(6)]):
                picture[y + bit, x : x + times] = palette[colour]
            x += times
    return picture
