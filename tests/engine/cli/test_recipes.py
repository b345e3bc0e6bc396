"""Arguments of commands that take a recipe: values as TOML has them, files by their names, one word for a shell."""

import argparse
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import RecipeError
from superpose.cli.recipes import add_recipe, named_files, quoted, read_recipe, toml_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ("a b", "a b"),
        ("", ""),
        ("1 2", "1 2"),
    ],
)
def test_a_value_is_tomls_or_text(text, value):
    got = toml_value(text)
    assert (got, type(got)) == (value, type(value))


@given(st.text())
def test_any_text_is_some_value(text):
    toml_value(text)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_a_text_is_one_word_of_a_command_line(text):
    assert shlex.split(quoted(text)) == [text]


def test_files_by_their_names():
    assert named_files(["a=b", "last.ckpt=models/x=y.ckpt"]) == {"a": "b", "last.ckpt": "models/x=y.ckpt"}
    for wrong in ("a", "=b", "a=", ""):
        with pytest.raises(RecipeError, match=r"write NAME=PATH, such as last\.ckpt=models/last\.ckpt"):
            named_files([wrong])


def read(tmp_path, *arguments):
    (tmp_path / "r.toml").write_text('prompt = "A"\nmodel.kind = "glyphs"\nscheduler.kind = "ddim"\n')
    parser = argparse.ArgumentParser()
    add_recipe(parser)
    given = parser.parse_args([str(tmp_path / "r.toml"), *arguments])
    given.strict_plugins = False
    return read_recipe(given)


def test_what_is_said_on_the_line_goes_before_the_file(tmp_path):
    recipe = read(tmp_path, "--seed", "7", "--samples", "3", "--set", "prompt=B", "--set", "scheduler.steps=4")
    assert (recipe.run.seed, recipe.run.samples, recipe.subject.prompt, recipe.scheduler.steps) == (7, 3, "B", 4)
    plain = read(tmp_path)
    assert (plain.run.seed, plain.subject.prompt) == (0, "A")


def test_the_short_form_goes_before_the_long_one(tmp_path):
    assert read(tmp_path, "--set", "run.seed=3", "--seed", "7").run.seed == 7
