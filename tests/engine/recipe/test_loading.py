"""Reading recipes: what is accepted, from files, from Python."""

import pytest

import superpose
from example_kinds import (
    REGISTRY,
)
from reading import HEAD, loads, mistakes
from superpose.errors import RecipeError
from superpose.recipe import MistakesError


@pytest.mark.parametrize("name", ["none.png", "none/none.png", "a\\u0000b", "a" * 5000])
def test_a_file_that_is_not_there(name, tmp_path):
    (line,) = mistakes(HEAD + f'prompt = "A"\n[[constraint]]\nkind = "inpaint"\nimage = "{name}"', folder=tmp_path)
    assert line.startswith(f"r.toml:6:1: constraint.0.image: no such file: {tmp_path}")


def test_a_recipe_file_that_cannot_be_read(tmp_path):
    with pytest.raises(RecipeError, match=r"none.toml: can't be read: No such file or directory"):
        superpose.load(tmp_path / "none.toml", registry=REGISTRY)
    with pytest.raises(RecipeError, match=r"can't be read: Is a directory"):
        superpose.load(tmp_path, registry=REGISTRY)
    (tmp_path / "latin.toml").write_bytes(b'prompt = "\xe9"')
    with pytest.raises(RecipeError, match=r"latin.toml: is not UTF-8 text \(byte 10\)"):
        superpose.load(tmp_path / "latin.toml", registry=REGISTRY)


def test_a_byte_order_mark_and_windows_line_ends_are_no_trouble(tmp_path):
    text = HEAD + 'prompt = "A"\n'
    file = tmp_path / "r.toml"
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert superpose.load(file, registry=REGISTRY) == loads(text)
    file.write_bytes((text + "promt = 1\n").replace("\n", "\r\n").encode())
    with pytest.raises(MistakesError, match=r"r.toml:4:1: promt: unknown key"):
        superpose.load(file, registry=REGISTRY)
