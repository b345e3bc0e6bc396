"""Recipes that several commands are given."""

import pytest
from PIL import Image

from superpose import load, run

LETTER = 'prompt = "A"\nmodel = { kind = "glyphs" }\nscheduler = { kind = "ddim", steps = 2 }\nrun = { samples = 2 }\n'


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A recipe, its run, and that of another prompt and seed."""
    folder = tmp_path_factory.mktemp("show")
    (folder / "a.toml").write_text(LETTER)
    run(load(folder / "a.toml"), folder / "a", device="cpu")
    run(load(folder / "a.toml", ["prompt=B", "run.seed=3", "run.samples=3"]), folder / "b", device="cpu")
    return folder


ANAGRAM = """[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 4
[[view]]
kind = "identity"
prompt = "A"
[[view]]
kind = "rotate"
degrees = 180
prompt = "V"
"""


@pytest.fixture
def anagram(tmp_path):
    """A recipe of two readings."""
    path = tmp_path / "letter.toml"
    path.write_text(ANAGRAM)
    return path


@pytest.fixture
def many_files(tmp_path):
    """The folder of a run over three files."""
    (tmp_path / "in").mkdir()
    for shade, name in enumerate(("dog", "cat", "emu")):
        Image.new("RGB", (32, 32), (80 * shade,) * 3).save(tmp_path / "in" / f"{name}.png")
    over = '[[constraint]]\nkind = "sdedit"\nimage = "in/*.png"\n'
    (tmp_path / "many.toml").write_text(LETTER.replace("samples = 2", "samples = 1") + over)
    run(load(tmp_path / "many.toml"), tmp_path / "out", device="cpu")
    return tmp_path / "out"
