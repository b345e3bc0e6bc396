"""The pytest plugin: its fixtures work, it is light, and it can be left out."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: By its module, so that what is tested is these sources, whatever is installed.
LOADED = ("-p", "no:superpose", "-p", "superpose.testing.pytest_plugin")

SUITE = '''
import sys

import pytest
import superpose


def test_a_the_plugin_brought_no_torch():
    assert "superpose.testing.pytest_plugin" in sys.modules
    assert "torch" not in sys.modules


def test_b_tiny(tiny_predictor):
    network = tiny_predictor(shape=(1, 4, 4))
    superpose.testing.check_predictor(network, ("a", "b"))
    assert network.blocks and network.shape == (1, 4, 4)


def test_c_gaussian(gaussian_predictor):
    network = gaussian_predictor(means={"up": 0.5})
    superpose.testing.check_predictor(network, ("up", ""))
    assert network.condition("up").tensors["mean"].item() == 0.5


RECIPE = """
prompt = "A"
model.kind = "glyphs"
scheduler = {kind = "ddim", steps = 2}
run.samples = 3
"""


def test_d_recipes(run_recipe, tmp_path):
    """A text and a file are the same; each run has a folder of its own; overrides are heard."""
    (tmp_path / "letter.toml").write_text(RECIPE)
    outcomes = [
        run_recipe(RECIPE, "run.samples=1"),
        run_recipe(tmp_path / "letter.toml", "run.samples=1", "scheduler.steps=2"),
        run_recipe(str(tmp_path / "letter.toml"), "run.samples=2", "run.seed=1"),
    ]
    assert [len(outcome.images) for outcome in outcomes] == [1, 1, 2]
    assert len({outcome.sheet.parent for outcome in outcomes}) == 3
    assert all(outcome.sheet.parent.parent == tmp_path for outcome in outcomes)
    one, same, other = (outcome.images[0].read_bytes() for outcome in outcomes)
    assert one == same != other


def test_e_mistakes(run_recipe):
    with pytest.raises(superpose.RecipeError, match="unknown key; did you mean 'steps'"):
        run_recipe(RECIPE, "scheduler.step=3")
    with pytest.raises(superpose.RecipeError, match="nowhere.toml: can't be read"):
        run_recipe("nowhere.toml")
'''


def suite(folder, text, *options):
    (folder / "test_suite.py").write_text(text)
    line = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:xdist", "-p", "no:cacheprovider", *options]
    done = subprocess.run([*line, "."], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_its_fixtures_do_what_they_say(tmp_path):
    code, printed = suite(tmp_path, SUITE, *LOADED)
    assert code == 0, printed
    assert "5 passed" in printed


def test_without_it_pytest_is_as_ever(tmp_path):
    code, printed = suite(tmp_path, "def test_it(tiny_predictor): pass\ndef test_other(): pass\n", "-p", "no:superpose")
    assert code == 1
    assert "fixture 'tiny_predictor' not found" in printed
    assert "1 passed, 1 error" in printed


def test_pytest_finds_it_by_an_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"superpose": "superpose.testing.pytest_plugin"}
