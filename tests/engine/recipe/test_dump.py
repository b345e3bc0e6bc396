"""Writing recipes and reading them again."""

import html
import tomllib
from pathlib import Path

from hypothesis import given

from example_kinds import REGISTRY, Cfg, Hybrid, Identity, Inpaint, Steps, Toy
from example_recipes import recipes
from fuzzing import fuzz
from superpose.recipe import PartTerms, Recipe, Subject, ViewTerm, dumps, loads


@fuzz(150)
@given(recipes())
def test_reading_what_was_written_gives_the_same_recipe(recipe):
    text = dumps(recipe)
    again = loads(text, registry=REGISTRY)
    assert again == recipe, text
    assert dumps(again) == text


def test_every_option_is_written_out_and_kind_comes_first():
    low = Subject(view=(ViewTerm(view=Identity(), subject=Subject(prompt="L")),))
    parts = PartTerms(decomposition=Hybrid(), parts=(("low", low), ("high", Subject(prompt="H"))))
    recipe = Recipe(model=Toy(), scheduler=Steps(steps=3), guidance=Cfg(), subject=Subject(decomposition=parts))
    assert (
        dumps(recipe)
        == """\
[model]
kind = "toy"

[scheduler]
kind = "ddim"
steps = 3
eta = 0.0
grid = "leading"
order = "auto"

[guidance]
kind = "cfg"
scale = 5.0

[decomposition]
kind = "hybrid"
sigma = 2.0

[decomposition.low]
view = [
    { kind = "identity", weight = 1.0, prompt = "L" },
]

[decomposition.high]
prompt = "H"

[run]
samples = 1
seed = 0
device = "auto"
dtype = "float32"
compile = false
offload = "none"
threads = 4
batch_size = 0
noise = "own"
at_once = 16
checkpointing = false
"""
    )


def test_paths_are_written_as_the_caller_says(tmp_path):
    (tmp_path / "a.png").touch()
    made = Recipe(
        model=Toy(weights=tmp_path),
        scheduler=Steps(steps=3),
        subject=Subject(prompt="A"),
        constraint=(Inpaint(image=tmp_path / "a.png"),),
    )
    table = tomllib.loads(dumps(made, paths=lambda path: f"files/{path.name}"))
    assert table["constraint"][0]["image"] == "files/a.png"
    assert tomllib.loads(dumps(made))["model"]["weights"] == Path(tmp_path).as_posix()
    assert loads(dumps(made), registry=REGISTRY) == made
    assert (
        loads(dumps(made, paths=lambda path: path.name if path.suffix else "."), folder=tmp_path, registry=REGISTRY)
        == made
    )


def test_a_notebook_shows_the_whole_recipe():
    """What stands between the tags is the recipe, and nothing of a prompt becomes a tag of the page."""
    recipe = Recipe(model=Toy(), scheduler=Steps(steps=3), subject=Subject(prompt="<b>&A"))
    shown = recipe._repr_html_()
    assert "<b>" not in shown
    assert html.unescape(shown.removeprefix("<pre>").removesuffix("</pre>")) == dumps(recipe)
