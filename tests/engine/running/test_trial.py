"""The work that executors are tried with: what it says, and that a process is not long at reading it."""

import subprocess
import sys

import pytest

from superpose.running.trial import trial


def test_it_says_the_text_backwards_or_fails():
    assert trial("abc") == "cba"
    with pytest.raises(ValueError, match="it was told to raise"):
        trial("raise")


def test_its_module_imports_next_to_nothing():
    heavy = {"torch", "numpy", "attrs", "superpose.testing", "superpose.plugins"}
    script = f"import sys, superpose.running.trial; assert not {heavy!r} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
