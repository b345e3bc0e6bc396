"""The pages that are walked say what happens: each is walked from an empty folder in a fresh environment."""

from pathlib import Path

import pytest

from walks import agrees, walk

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize("name", ["tutorial.md", "ten-minutes.md"])
def test_the_commands_print_what_the_page_says(name, tmp_path):
    _, told = walk((DOCS / name).read_text(), tmp_path)
    assert len(told) > 5
    for command, said, wanted in told:
        assert agrees(wanted, said), f"$ {command}\nprints\n{said}\nand {name} says\n{wanted}"


@pytest.mark.parametrize(
    ("wanted", "said", "same"),
    [
        ("2 passed in 0.1s\n", "2 passed in 12.25s\n", True),
        ("2 passed in 0.1s\n", "2 passed in 63.01s (0:01:03)\n", True),
        ("2 passed in 0.1s\n", "3 passed in 0.1s\n", False),
        ("first\n...\nlast\n", "first\nand\nso on\nlast\n", True),
        ("first\n...\nlast\n", "first\n", False),
        ("", "an error\n", False),
        ("view a  undoes  3x8x8  ok  1e-16\n", "view a  undoes  1x4x4 b=1  ok  2e-16\n", True),
        ("view a  undoes  3x8x8  ok  1e-16\n", "view a  undoes  3x8x8  BROKEN  why\n", False),
        ("adm  loaded  model: a\n", "adm  loaded, slow: 0.7 s to import (0.5 s are torch) model: a\n", True),
        ("adm  loaded  model: a\n", "adm  broken: no model  model: a\n", False),
    ],
)
def test_what_counts_as_the_same(wanted, said, same):
    assert agrees(wanted, said) == same
