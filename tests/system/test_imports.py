"""What is imported when: the door is light, plugins use only the door, importing runs no network."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What our plugins may import of the engine, and of the networks that they share.
PUBLIC = {"superpose", "superpose.testing"}
NETWORKS = {"superpose_networks", "superpose_networks.diffae", "superpose_networks.latent"}


def modules_after(code):
    script = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import superpose",
        "from superpose.cli import _parser; _parser()",
        "from superpose.plugins import load_plugins; load_plugins()",
        "import superpose; superpose.load('recipes/ambigram.toml')",
        "import superpose; superpose.schema()",
    ],
)
def test_no_torch_before_a_recipe_runs(code, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert "torch" not in modules_after(code), code


def test_what_plugins_inherit_from_is_light():
    """A plugin may take 0.1 s to import: pictures and torch are brought in when they are used."""
    bases = "View, Decomposition, Constraint, Guidance, Scheduler, Model, Clip, Classifier, Rule, option, hookimpl"
    assert not {"torch", "PIL"} & modules_after(f"from superpose import {bases}")


def test_the_help_imports_nothing_heavy():
    heavy = {"torch", "numpy", "attrs", "attr", "cattrs", "rich", "PIL", "pluggy"}
    assert not heavy & modules_after("from superpose.cli import _parser; _parser().format_help()")


def imported(path):
    """The modules that a file imports, each with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=named)
def test_our_plugins_use_only_public_names(path):
    for name, line in imported(path):
        package = name.split(".")[0]
        if package == "superpose":
            assert name in PUBLIC, f"{named(path)} line {line} imports {name}"
        if package == "superpose_networks" and package not in path.parts:
            assert name in NETWORKS, f"{named(path)} line {line} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "engine").rglob("*.py")), ids=named)
def test_the_engine_imports_no_plugin(path):
    for name, line in imported(path):
        assert not name.startswith("superpose_"), f"{named(path)} line {line} imports {name}"
