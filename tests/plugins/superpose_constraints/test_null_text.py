"""Null-text inversion in recipes: what comes back, with edits by words, and what is refused."""

from pathlib import Path

import pytest
import torch

import superpose
from superpose import RecipeError
from superpose.recipe import loads

IMAGES = Path(__file__).parents[3] / "recipes" / "images"
NULL = f'[[constraint]]\nkind = "null-text"\nimage = "{IMAGES / "serif-R.png"}"\nprompt = "R"\n'
EDIT = '[[constraint]]\nkind = "prompt-to-prompt"\nsource = "R"\n'
GUIDED = '[guidance]\nkind = "cfg"\nscale = 3.0\n'


def recipe(*parts, prompt="R", model="glyphs-ldm", steps=3, scheduler="ddim"):
    text = f'prompt = "{prompt}"\n[model]\nkind = "{model}"\n[scheduler]\nkind = "{scheduler}"\nsteps = {steps}\n'
    return loads("\n".join((text, *parts, "[run]\nthreads = 1\nbatch_size = 4\n")), name="it.toml", folder=".")


def off(found):
    wanted = superpose.read_image(IMAGES / "serif-R.png", (3, 32, 32), "cpu")
    return float((found - wanted).square().mean().sqrt())


def test_under_guidance_the_image_comes_back_nearer_than_by_inversion():
    inverted = NULL.replace("null-text", "inversion") + 'ask = "there"\n'
    strong = GUIDED.replace("3.0", "8.0")
    made = [superpose.compose(recipe(strong, rule, steps=5)) for rule in (NULL, inverted)]
    apart = [off(one.trajectory([0]).run()) for one in made]
    assert apart[0] < apart[1] - 0.01, apart


def test_a_run_that_is_gone_on_with_is_the_same_and_so_is_a_sample_alone():
    made = superpose.compose(recipe(GUIDED, EDIT, NULL, prompt="R in red"))
    whole = made.trajectory([0, 1]).run()
    run = made.trajectory([1])
    state = run.step(run.start())
    assert torch.equal(
        superpose.compose(recipe(GUIDED, EDIT, NULL, prompt="R in red")).trajectory([1]).run(state=state), whole[1:]
    )
    other_order = superpose.compose(recipe(GUIDED, NULL, EDIT, prompt="R in red")).trajectory([0, 1]).run()
    assert torch.equal(other_order, whole)
    assert whole[0].mean((1, 2))[0] > whole[0].mean((1, 2))[1:].max() + 0.02, "it is not red"


@pytest.mark.parametrize(
    ("parts", "more", "wrong"),
    [
        ((NULL,), {}, "learns the one prompt that guidance starts from, and here is no prompt besides"),
        ((GUIDED, NULL), {"model": "glyphs"}, "use a model of text with cross-attention"),
        ((GUIDED, NULL), {"steps": 101}, "at most 100 steps"),
        ((GUIDED, NULL), {"scheduler": "euler-ancestral"}, "null-text"),
        ((GUIDED, NULL), {"scheduler": "heun"}, "null-text"),
        ((GUIDED, EDIT + 'prompt = "S"\n', NULL), {}, "edits 'S', and what is shown has 'R': name one of it"),
        ((GUIDED, NULL.replace("serif-R", "house")), {}, "is 64x64"),
    ],
)
def test_what_is_refused(parts, more, wrong):
    with pytest.raises(RecipeError, match=wrong):
        superpose.inspect(recipe(*parts, **more))


def test_its_cost_is_told():
    """Of 3 steps: 2 on the way up, and in each 1 + 4 times the guided step before, and the step itself."""
    told = superpose.inspect(recipe(GUIDED, NULL + "inner = 4\n"))
    assert told.total == 2 + 1 + 2 + 3 * 2 * (4 + 1 + 1) - 1
