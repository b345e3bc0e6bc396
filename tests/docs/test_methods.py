"""The page of methods names every kind that ships, once."""

import re
from pathlib import Path

import pytest

from superpose.plugins import load_plugins
from superpose.recipe.json_schema import shipped

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("role", "heading"), [("view", "Views"), ("decomposition", "Decompos"), ("guidance", "Guidance")]
)
def test_every_kind_has_a_line(role, heading):
    [section] = re.findall(rf"^## {heading}.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    table = section.split("### ")[0]
    named = re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)
    assert sorted(named) == sorted(shipped(load_plugins()).kinds(role))
