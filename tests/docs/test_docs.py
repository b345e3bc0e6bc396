"""What the documentation shows is true: Python and doctests run, recipes are read, and commands print it."""

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import superpose
from superpose import compose, inspect
from superpose.cli import COMMANDS, main
from superpose.kinds.roles import ROLES
from superpose.plugins import Registry, load_plugins
from walks import agrees, commands

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WALKED = [ROOT / "docs" / name for name in ("tutorial.md", "ten-minutes.md")]  # tests/docs/test_walks.py walks them
HOWTOS = sorted((ROOT / "docs" / "howto").glob("*.md"))


def blocks(page, language):
    """The blocks of code of one language; those that a walk writes to files are another test's."""
    code = re.compile(rf"(<!-- write: .* -->\n+)?^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [text for written, text in code.findall(page.read_text()) if not written]


def is_recipe(text):
    """Whether it is a whole one, and not a table of one."""
    return re.search(r"^\[model\]", text, re.MULTILINE) and re.search(r"^\[scheduler\]", text, re.MULTILINE)


def named(page):
    return str(page.relative_to(ROOT))


def executed(page):
    """Run every Python block of a page, each by itself, and return what they left."""
    left = {}
    for block in blocks(page, "python"):
        names = {"__name__": "example"}
        exec(compile(block, str(page), "exec"), names)
        left |= names
    return left


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """A working folder beside the recipes, which nothing is left in."""
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_python_of_a_page_runs(page, at_home, capsys):
    executed(page)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HOWTOS], ids=named)
def test_the_recipes_of_a_page_are_read(page, tmp_path):
    for text in filter(is_recipe, blocks(page, "toml")):
        if "[sweep" in text:
            (tmp_path / "recipe.toml").write_text(text)
            assert list(superpose.load_sweep(tmp_path / "recipe.toml").recipes())
        else:
            superpose.loads(text, name=named(page), folder=ROOT / "recipes")


@pytest.mark.parametrize("page", HOWTOS, ids=named)
def test_the_recipe_of_a_howto_runs_with_what_the_page_writes(page, at_home):
    drafted = []
    names = executed(page)
    for name in (name for name in names if name.startswith("register_")):
        names[name](drafted.append)
    assert drafted, f"{named(page)} registers nothing"
    installed = load_plugins()
    known = [cls for role in installed.roles if role != "clip" for cls in installed.kinds(role).values()]
    [text] = filter(is_recipe, blocks(page, "toml"))
    registry = Registry.of(*known, *drafted)
    if "[sweep" in text:
        Path("recipe.toml").write_text(text)
        sets = ["scheduler.steps=2", 'sweep.axes."run.seed"=[0, 1]']
        sweep = superpose.load_sweep("recipe.toml", sets, registry=registry)
        assert type(sweep.options.executor) in drafted
        assert superpose.sweep(sweep, "out").tally.made == 2
        return
    recipe = superpose.loads(
        text, name=named(page), folder="recipes", overrides=["scheduler.steps=3"], registry=registry
    )
    used = {type(kind) for kind in recipe.kinds()}
    assert set(drafted) <= used, f"the recipe of {named(page)} does not use what the page is about"
    inspect(recipe)
    composition = compose(recipe)
    images = composition.trajectory((0,)).run()
    assert images.isfinite().all(), named(page)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in WALKED], ids=named)
def test_the_commands_of_a_page_print_what_it_says(page, at_home, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    for block in blocks(page, "console"):
        for command, wanted in commands(block):
            program, *arguments = shlex.split(command)
            assert program == "superpose", f"{named(page)} runs {program}: only the pages that are walked may"
            assert main(arguments) == 0, command
            said = capsys.readouterr().out
            assert agrees(wanted, said), f"$ {command}\nprints\n{said}\nand {named(page)} says\n{wanted}"


def test_the_readme_names_every_command():
    rows = set(re.findall(r"^\| `superpose (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert rows == set(COMMANDS)


def test_every_role_has_a_howto():
    assert {page.stem for page in HOWTOS} >= set(ROLES)


def modules_with_examples():
    found = [("superpose", Path(superpose.__file__))]
    found += [
        (module.name, Path(module.module_finder.path, module.name.rpartition(".")[2]).with_suffix(".py"))
        for module in pkgutil.walk_packages(superpose.__path__, "superpose.")
    ]
    return [name for name, path in found if path.exists() and ">>> " in path.read_text()]


@pytest.mark.parametrize("module", modules_with_examples())
def test_the_examples_of_a_module_run(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0
