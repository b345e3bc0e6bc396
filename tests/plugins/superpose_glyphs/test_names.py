"""Lists of names beside weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from superpose import RecipeError
from superpose_glyphs.names import names_in


def test_names_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('["b", "", "a"]')
    assert names_in(tmp_path / "x.json") == ("b", "", "a")


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[]", "[1]", '["a", null]', '"ab"', "[" * 100_000])
def test_what_is_no_list_of_names_is_refused_by_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(RecipeError, match=r"x\.json is (not valid JSON|no list of names)"):
        names_in(tmp_path / "x.json")
    with pytest.raises(RecipeError, match=r"none\.json"):
        names_in(tmp_path / "none.json")
