"""Prompts and rows of the class table are the same list; what is not in it is refused with something that is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from superpose_glyphs.vocabulary import GLYPHS, PROMPTS, class_of, nearest


def test_every_prompt_is_its_row() -> None:
    assert [class_of(prompt) for prompt in PROMPTS] == list(range(125))


@pytest.mark.parametrize(
    ("prompt", "row"), [("A", 0), ("a", 26), ("9", 61), ("colour A", 62), ("color A", 62), ("colour 9", 123), ("", 124)]
)
def test_rows_of_the_network_that_comes_with_us(prompt: str, row: int) -> None:
    assert class_of(prompt) == row


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("colour AA", "unknown prompt 'colour AA'; nearest: 'colour A', 'A'"),
        ("COLOR z", "unknown prompt 'COLOR z'; nearest: 'colour z', 'z'"),
        ("é", "unknown prompt 'é'; nearest: 'e', 'colour e'"),
        ("colour", "unknown prompt 'colour'; nearest: 'colour A', 'A'"),
        ("a cat", "unknown prompt 'a cat'; nearest: 'c', 'colour c'"),
        (" ", "unknown prompt ' '; nearest: 'A', 'colour A'"),
        ("?", "unknown prompt '?'; nearest: 'A', 'colour A'"),
    ],
)
def test_unknown_prompts(prompt: str, message: str) -> None:
    with pytest.raises(ValueError, match="unknown prompt") as caught:
        class_of(prompt)
    assert str(caught.value) == message


@pytest.mark.parametrize("prompt", ["", "colour", "x y z", "\n", "ß", *"!?%"])
def test_what_is_offered_is_known(prompt: str) -> None:
    assert all(offer in PROMPTS for offer in nearest(prompt))
    assert len(GLYPHS) == 62


def test_vocabulary_needs_no_torch() -> None:
    program = "import sys, superpose_glyphs.vocabulary; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
