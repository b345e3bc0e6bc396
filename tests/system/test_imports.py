"""What is imported when: the door is light, plugins use only the door, importing runs no network."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PUBLIC_ROOMS = {"superpose", "superpose.nn", "superpose.nn.diffae", "superpose.nn.latent", "superpose.testing"}


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


def test_the_help_imports_nothing_heavy():
    heavy = {"torch", "numpy", "attrs", "attr", "cattrs", "rich", "PIL", "pluggy"}
    assert not heavy & modules_after("from superpose.cli import _parser; _parser().format_help()")


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: path.stem)
def test_our_plugins_use_only_the_public_door(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = {node.module}
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        else:
            continue
        for name in names:
            if name.split(".")[0] == "superpose":
                assert name in PUBLIC_ROOMS, f"{path.name} line {node.lineno} imports {name}"
