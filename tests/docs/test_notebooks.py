"""Notebooks run cell by cell, and each cell that ends in something to look at shows a picture or HTML."""

import ast
import io
import json
from pathlib import Path

import pytest
from PIL import Image

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs").rglob("*.ipynb"))


def shown(value):
    """What a notebook shows of a value: the size of a picture, or HTML."""
    if hasattr(value, "_repr_html_"):
        return value._repr_html_()
    with Image.open(io.BytesIO(value._repr_png_())) as image:
        return image.size


def executed(source, names):
    """Run a cell as a notebook does; returns the value of its last line, where that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_shows(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in cells), "clear the outputs: they go stale"
    names, seen = {"__name__": "__main__"}, []
    for cell in cells:
        value = executed("".join(cell["source"]), names)
        if value is not None:
            seen.append(shown(value))
    assert (4 * 128 + 3 * 8, 128) in seen
    recipes = [it for it in seen if isinstance(it, str) and "<pre>" in it]
    assert len(recipes) == 2, "a recipe and its composition show themselves"
    assert recipes[0] == recipes[1]
    assert "degrees = 180" in recipes[0]
    assert any('src="data:image/png;base64,' in it for it in seen if isinstance(it, str))


def test_there_is_a_notebook():
    assert NOTEBOOKS
