"""Editors: the schema that lies beside the recipes, judged by the two linters that editors run, taplo and tombi."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from language_server import LanguageServer
from superpose.errors import RecipeError
from superpose.kinds.options import Named, Nested, options_of
from superpose.plugins import load_plugins
from superpose.recipe import loads
from superpose.recipe.json_schema import schema, shipped
from superpose.recipe.tables import Run

RECIPES = Path(__file__).parents[3] / "recipes"
SCHEMA = RECIPES / "superpose.schema.json"
DIRECTIVE = "#:schema superpose.schema.json\n"
SCRIPTS = Path(sys.executable).parent
LINTERS = {
    "taplo": ["lint", "--no-auto-config", "--colors", "never"],
    "tombi": ["lint", "--offline", "--error-on-warnings"],
}


def program(name):
    found = shutil.which(name, path=str(SCRIPTS)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} has no program on this machine: pip install superpose[test] brings it")
    return found


def lint(name, *files):
    """The linter's exit code and what it says; home and settings are those of the folder alone."""
    folder = files[0].parent
    command = [program(name), *LINTERS[name], *[file.name for file in files]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


MODEL = '[model]\nkind = "glyphs"\n'
START = MODEL + '[scheduler]\nkind = "ddim"\nsteps = 5\n'
PLAIN = 'prompt = "A"\n' + START
VIEW = START + '[[view]]\nkind = "rotate"\n'
HYBRID = START + '[decomposition]\nkind = "hybrid"\nhigh = "X"\n'
GOOD = {
    "plain": PLAIN,
    "whole numbers for fractions": PLAIN + 'eta = 1\n[guidance]\nkind = "cfg"\nscale = 4\n',
    "inline tables": 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim"}\n',
    "weights and negatives": VIEW + 'prompt = "A"\nweight = 2\nnegative = "B"\n',
    "a guidance of its own": VIEW + 'prompt = "A"\nguidance = {kind = "cfg", scale = 2.5}\n',
    "a view of a view": VIEW + '[[view.view]]\nkind = "negate"\nprompt = "A"\n',
    "a part in a word": HYBRID + 'low = "A"\n',
    "a part in a table": HYBRID + '[decomposition.low]\nprompt = "A"\nnegative = "B"\n',
    "a part of views": HYBRID + '[[decomposition.low.view]]\nkind = "identity"\nprompt = "A"\n',
    "a composition": 'compose = {and = ["A", {prompt = "B", weight = 2}], not = ["C"]}\n' + START,
    "a composition of views": START + '[[compose.and]]\nview = [{kind = "rotate", prompt = "C"}]\n',
    "a composition in tables": START + '[[compose.and]]\nprompt = "A"\nweight = 0.5\nguidance = {kind = "cfg"}\n',
    "clip": PLAIN + '[clip]\nkind = "static"\nrange = 0.5\n',
    "run": PLAIN + '[run]\nsamples = 3\nseed = 9223372036854775807\ndtype = "bfloat16"\n',
    "requires": 'requires = ["superpose"]\n' + PLAIN,
}
BROKEN = {
    "an unknown key": PLAIN + "step = 4\n",
    "an unknown key at the top": 'promt = "A"\n' + PLAIN,
    "an unknown kind": 'prompt = "A"\n' + MODEL + '[scheduler]\nkind = "ddmi"\n',
    "no kind": 'prompt = "A"\n' + MODEL + "[scheduler]\nsteps = 5\n",
    "no model": 'prompt = "A"\n[scheduler]\nkind = "ddim"\n',
    "no subject": START,
    "two subjects": 'prompt = "A"\n' + VIEW + 'prompt = "A"\n',
    "out of range": PLAIN + "eta = 1.5\n",
    "on an open bound": PLAIN + '[clip]\nkind = "static"\nrange = 0\n',
    "on another open bound": VIEW + 'prompt = "A"\nweight = 0.0\n',
    "not one of the choices": PLAIN + 'grid = "fast"\n',
    "text for a number": PLAIN + 'eta = "1"\n',
    "a fraction for a whole number": PLAIN + "[run]\nsamples = 2.5\n",
    "true for a number": PLAIN + "[run]\nsamples = true\n",
    "a view of nothing": VIEW,
    "a table for a list": START + '[view]\nkind = "identity"\nprompt = "A"\n',
    "an empty list": "view = []\n" + START,
    "a missing part": HYBRID,
    "an unknown part": HYBRID + 'low = "A"\nmid = "B"\n',
    "a part that is a number": HYBRID + "low = 3\n",
    "a part of nothing": HYBRID + '[decomposition.low]\nnegative = "B"\n',
    "a composition of nothing": 'compose = {not = ["A"]}\n' + START,
    "a composition of an empty list": "compose = {and = []}\n" + START,
    "a composition of a text": 'compose = {and = "A"}\n' + START,
    "a composition of numbers": "compose = {and = [1]}\n" + START,
    "a composition with another word": 'compose = {and = ["A"], or = ["B"]}\n' + START,
    "a composed subject of weight 0": 'compose = {and = [{prompt = "A", weight = 0}]}\n' + START,
    "a composed subject of nothing": "compose = {and = [{weight = 2.0}]}\n" + START,
    "a mistake far in": HYBRID + '[[decomposition.low.view]]\nkind = "rotate"\ndegrees = 417\nprompt = "A"\n',
    "a constraint that is not in a list": PLAIN + '[constraint]\nkind = "sdedit"\nimage = "a.png"\n',
    "a constraint without its image": PLAIN + '[[constraint]]\nkind = "sdedit"\n',
    "text for a list": 'requires = "superpose"\n' + PLAIN,
}


def refused(text):
    try:
        loads(text)
    except RecipeError:
        return True
    return False


def test_the_shipped_schema_leaves_strangers_out():
    registry = load_plugins()
    ours = shipped(registry)
    for role in registry.roles:
        for kind, cls in registry.kinds(role).items():
            expected = registry.owner(cls).distribution == "superpose"
            assert (kind in ours.kinds(role)) == expected, f"{role} {kind}"


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_recipe_names_the_schema_in_its_first_line(recipe):
    assert recipe.read_text().startswith(DIRECTIVE), recipe.name


@pytest.mark.parametrize("linter", LINTERS)
def test_every_recipe_passes(linter):
    code, said = lint(linter, *sorted(RECIPES.glob("*.toml")))
    assert code == 0, said


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("recipes")
    shutil.copy(SCHEMA, made)
    return made


@pytest.mark.parametrize("linter", LINTERS)
@pytest.mark.parametrize("what", GOOD)
def test_what_the_loader_takes_the_linters_take(linter, what, folder):
    assert not refused(GOOD[what]), what
    file = folder / f"{what}-{linter}.toml"
    file.write_text(DIRECTIVE + GOOD[what])
    code, said = lint(linter, file)
    assert code == 0, said


@pytest.mark.parametrize("linter", LINTERS)
@pytest.mark.parametrize("what", BROKEN)
def test_what_the_loader_refuses_the_linters_refuse(linter, what, folder):
    assert refused(BROKEN[what]), what
    file = folder / f"{what}-{linter}.toml"
    file.write_text(DIRECTIVE + BROKEN[what])
    code, said = lint(linter, file)
    assert code == 1, f"{linter} sees nothing wrong in {what}: {said}"


def described(table, definitions):
    """Whether hovering over a key says something: its own description, or that of the table it leads to."""
    target = definitions[table["$ref"].removeprefix("#/definitions/")] if "$ref" in table else table
    return bool(target.get("description", "").strip())


def test_every_key_has_a_hover_text():
    whole = schema()
    definitions = whole["definitions"]
    for name, table in {"recipe": whole, **definitions}.items():
        for key, inner in table.get("properties", {}).items():
            assert described(inner, definitions), f"{name}: {key} has no description"


def test_hover_texts_are_those_of_the_options():
    definitions = schema()["definitions"]
    registry = load_plugins()
    tables = {f"{role}:{kind}": cls for role in registry.roles for kind, cls in registry.kinds(role).items()}
    for name, cls in {**tables, "run": Run}.items():
        for option in options_of(cls):
            if isinstance(option.form, Nested | Named):
                continue  # its table describes itself
            assert definitions[name]["properties"][option.name]["description"] == option.doc, f"{name}.{option.name}"


def test_an_editor_is_told_what_a_key_means_and_what_may_follow(folder):
    text = DIRECTIVE + PLAIN + "eta = 0.5\n"
    file = folder / "hover.toml"
    file.write_text(text)
    with LanguageServer([program("tombi"), "lsp", "--offline"], file, text) as server:
        assert "relative to DDPM's posterior" in server.hover("eta")
        assert "Denoising diffusion implicit models" in server.hover('kind = "ddim"')
        assert {"grid", "eta"} <= set(server.completions(after="steps = 5\n", without="eta = 0.5\n"))


def test_an_editor_lists_the_kinds(folder):
    text = DIRECTIVE + 'prompt = "A"\n' + MODEL + '[scheduler]\nkind = ""\n'
    file = folder / "kinds.toml"
    file.write_text(text)
    with LanguageServer([program("tombi"), "lsp", "--offline"], file, text) as server:
        offered = {label.strip('"') for label in server.completions(after='kind = "', last=True)}
    assert set(load_plugins().kinds("scheduler")) <= offered
