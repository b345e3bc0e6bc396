"""The page of methods names every kind that ships, once."""

import re
from pathlib import Path

import pytest

import superpose
from superpose.plugins import load_plugins
from superpose.recipe.json_schema import shipped

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("role", "heading"),
    [
        ("view", "Views"),
        ("decomposition", "Decompos"),
        ("guidance", "Guidance"),
        ("constraint", "Constraints"),
        ("population", "Populations"),
    ],
)
def test_every_kind_has_a_line(role, heading):
    [section] = re.findall(rf"^## {heading}.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    table = section.split("### ")[0]
    named = re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)
    assert sorted(named) == sorted(shipped(load_plugins()).kinds(role))


RECIPES = sorted((ROOT / "recipes").glob("*.toml")) + sorted((ROOT / "recipes" / "methods").glob("*.toml"))
SMALL = [path for path in RECIPES if path.parent.name == "methods"]
SHOWN = (ROOT / "docs" / "methods-shown.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def loaded():
    return {path: superpose.load(path) for path in RECIPES}


@pytest.mark.parametrize("role", ["view", "decomposition", "guidance", "constraint", "population"])
def test_every_method_has_a_recipe(role, loaded):
    used = {kind.kind for recipe in loaded.values() for kind in recipe.kinds() if kind.role == role}
    assert not set(shipped(load_plugins()).kinds(role)) - used


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_a_small_recipe_is_sound_and_has_a_picture(path, loaded):
    superpose.inspect(loaded[path])
    about = re.search(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert f"### {path.stem}\n\n{about}\n\n![{about}](images/methods/{path.stem}.png)" in SHOWN
    assert (ROOT / "docs" / "images" / "methods" / f"{path.stem}.png").stat().st_size < 150_000


def rows_of(section):
    """Rows that a table says, by kind; of those that are no number, nothing."""
    [text] = re.findall(rf"^## {section}.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return {kind: int(rows) for kind, rows in re.findall(r"^\| `([a-z-]+)` \| (\d)", text, re.MULTILINE)}


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_a_small_recipe_asks_the_rows_that_the_page_says(path, loaded):
    """Of a prompt those of the guidance; n + 1 of n parts with cfg, 2 n of n views: equal questions are asked once."""
    recipe, said = loaded[path], rows_of("Guidance")
    if recipe.constraint or recipe.population or recipe.stage or recipe.canvas:
        return  # these have columns of their own
    subject, found = recipe.subject, superpose.inspect(recipe).total / recipe.scheduler.steps
    if subject.decomposition is not None:
        assert found == len(subject.decomposition.parts) + 1
    elif subject.view:
        seen = len({term.view for term in subject.view})  # what no prompt says of equal views is asked once
        assert found == (2 if subject.reduction == "alternate" else len(subject.view) + seen)
    elif recipe.guidance is None:
        assert found == 1
    elif recipe.guidance.kind != "interval":  # that of its base, in some of the steps
        assert found == said.get(recipe.guidance.kind, 2) * {"dds": 2}.get(recipe.scheduler.kind, 1)


def test_pictures_are_of_recipes():
    pictures = {path.stem for path in (ROOT / "docs" / "images" / "methods").glob("*")}
    assert pictures == {path.stem for path in SMALL}
