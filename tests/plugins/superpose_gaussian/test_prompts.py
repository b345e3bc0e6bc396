"""Names and sizes of distributions, as their folder says them."""

from __future__ import annotations

from pathlib import Path

import pytest

from superpose import RecipeError
from superpose_gaussian.prompts import PROMPTS_FILE, Described


def folder(path: Path, text: str) -> Path:
    (path / PROMPTS_FILE).write_text(text)
    return path


def test_they_are_read(tmp_path: Path) -> None:
    told = folder(tmp_path, '{"shape": [3, 8, 6], "prompts": ["left", "right"]}')
    assert Described.of(told) == Described((3, 8, 6), ("left", "right"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"shape": [3, 8], "prompts": ["a"]}',
        '{"shape": [3, 8, 8]}',
        '{"shape": [3, "8", 8], "prompts": ["a"]}',
        '{"shape": [3, 8, 8], "prompts": [1]}',
        '{"shape": [1, 8, 8], "prompts": [""]}',
        '{"shape": [3, 8, 8], "prompts": []}',
    ],
)
def test_a_file_that_says_neither_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError, match=r"prompts\.json"):
        Described.of(folder(tmp_path, text))
