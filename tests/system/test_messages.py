"""The engine names no kind in what it says: where it must, it asks the registry which of the installed ones fit."""

import ast
import re
from pathlib import Path

import pytest

from superpose.plugins import load_plugins

ENGINE = Path(__file__).parents[2] / "engine" / "superpose"
#: Examples of the recipe language, which tests run; they are of the kinds that come with superpose.
EXAMPLES = ENGINE / "recipe" / "language.py"
#: Kinds whose names are words as well, or of other things; in quotes or after ``kind =`` they are kinds all the same.
WORDS = {
    "canvas", "classifier", "clip", "colour", "dynamic", "grey", "identity", "interval", "inversion", "mask", "matrix",
    "motion", "negate", "none", "pieces", "pixels", "regions", "static", "window",
    "diffusers", "edm", "ldm", "word",
}  # fmt: skip
REGISTRY = load_plugins()
KINDS = {kind for role in REGISTRY.roles for kind in REGISTRY.kinds(role)}


def named_in(text):
    """The kinds that a text names."""
    for kind in KINDS:
        whole = rf"(?<![\w-]){re.escape(kind)}(?![\w-])"
        quoted = rf"""['"`]{re.escape(kind)}['"`]"""
        if re.search(quoted if kind in WORDS else whole, text):
            yield kind


def messages(source):
    """The strings of a program that are sentences and no docstrings, each with its line."""
    tree = ast.parse(source)
    holders = ast.Module | ast.ClassDef | ast.FunctionDef
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, holders) and ast.get_docstring(node)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value
            and not node.value.startswith("<")  # markup: fill="none" names no kind
            and id(node) not in docs
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "path", [path for path in sorted(ENGINE.rglob("*.py")) if path != EXAMPLES], ids=lambda it: it.stem
)
def test_no_message_names_a_kind(path):
    for line, text in messages(path.read_text()):
        for kind in named_in(text):
            pytest.fail(f"{path.name}:{line} names {kind!r}: ask the registry which kinds fit, or say what is needed")


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ('say("use ddim, or ddpm")', {"ddim", "ddpm"}),
        ('say(f"add [guidance] with kind = \\"cfg\\": {why}")', {"cfg"}),
        ("say(\"clip = {kind = 'none'}\")", {"none"}),
        ('say("there is none")', set()),
        ('"""Use ddim."""', set()),
        ('KIND = "ddim"', set()),
    ],
)
def test_a_message_that_does_is_found(source, kinds):
    assert {kind for _, text in messages(source) for kind in named_in(text)} == kinds
