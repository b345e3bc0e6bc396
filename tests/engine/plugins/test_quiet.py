"""What plugins print while they are loaded: never on standard output, by whatever means."""

# ruff: noqa: T201  (what is printed is what this is about)

import os
import subprocess
import sys

from superpose.plugins.quiet import quiet


def test_prints_go_nowhere_and_programs_to_standard_error(capfd):
    print("before")
    with quiet():
        print("printed")
        sys.stdout.write("written")
        os.write(1, b"by a library\n")
        subprocess.run([sys.executable, "-c", "print('by a program')"], check=True)
    print("after")
    told = capfd.readouterr()
    assert told.out == "before\nafter\n"
    assert told.err.splitlines() == ["by a library", "by a program"]


def test_an_output_that_was_closed_inside_is_open_afterwards(capfd):
    with quiet():
        sys.stdout.close()
    print("after")
    assert capfd.readouterr().out == "after\n"


def test_a_failure_inside_gives_the_output_back(capfd):
    try:
        with quiet():
            print("lost")
            raise ValueError
    except ValueError:
        print("kept")
    assert capfd.readouterr().out == "kept\n"
