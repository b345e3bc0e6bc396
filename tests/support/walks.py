"""Pages that are walked: their commands are run in order in a fresh environment, and their files written on the way.

    <!-- write: recipes/hinge.toml -->        the block of code below is written to that file
    ```console                                every line after "$ " is run, and what follows is what it must print
    $ superpose kinds hinge
    ...

Times, blanks and the figures of laws that hold may differ, and ``...`` stands for anything.
``python tests/support/walks.py docs/ten-minutes.md`` writes what is printed today into the page.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

from fresh import OFFLINE, make_environment, run

_STEP = re.compile(
    r"<!-- write: (?P<path>\S+) -->\n+```\w+\n(?P<text>.*?)^```$|^```console\n(?P<console>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# As superpose plugins check prints it: where the worst was found, and rounding, are the machine's.
_HELD = re.compile(r"^(\w+ \S+ +[\w-]+) .*\bok\b.*$", re.MULTILINE)
# What superpose plugins adds where a machine is busy.
_SLOW = re.compile(r", slow: [\d.]+ s to import(?: \([^)]*\))?")
# pytest says more than a minute in minutes as well.
_TIME = re.compile(r"\b\d+(\.\d+)? ?s\b(?: \(\d+:\d\d:\d\d\))?")


def walk(page, folder):
    """Walk a page in an empty folder.

    Returns:
        The page as it should read, and the commands with their output: (command, said, wanted).
    """
    env = make_environment(folder / "env")
    here = folder / "walk"
    here.mkdir()
    told = []

    def console(found):
        if found["path"]:
            file = here / found["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(found["text"])
            return found[0]
        lines = []
        for command, wanted in commands(found["console"]):
            said = perform(env, here, command)
            told.append((command, said, wanted))
            lines.append(f"$ {command}\n{wanted if agrees(wanted, said) else said}")
        return "```console\n" + "".join(lines) + "```"

    return _STEP.sub(console, page), told


def commands(block):
    """The commands of a console block, each with the output below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        yield command, wanted


def perform(env, folder, command):
    """What a command prints; the last word may be the exit code that it is to end with, as in ``# exit 1``."""
    words, _, comment = command.partition("  # exit ")
    program, *arguments = shlex.split(words)
    if program == "pip":
        action, *arguments = arguments
        arguments = [action, *OFFLINE, *arguments]
    settings = {"TERM": "dumb", "COLUMNS": "100", "PY_COLORS": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = run(env, program, *arguments, cwd=folder, env=settings, code=int(comment or 0))
    lines = (done.stdout + done.stderr).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return text + "\n" if text else ""


def agrees(wanted, said):
    """Whether the output is the one that the page shows."""
    wanted, said = (_HELD.sub(r"\1 ok", _TIME.sub("0 s", _SLOW.sub("", text))) for text in (wanted, said))
    return doctest.OutputChecker().check_output(wanted, said, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in sys.argv[1:]:
        page = Path(name)
        with tempfile.TemporaryDirectory() as folder:
            text, told = walk(page.read_text(), Path(folder).resolve())
        page.write_text(text)
        stale = [command for command, said, wanted in told if not agrees(wanted, said)]
        sys.stdout.write(f"{page}: {len(told)} commands; written anew: {', '.join(stale) or 'none'}\n")
