"""Anti-segregation in recipes: views that share more, resumed and alone the same, and what is refused."""

import pytest
import torch

import superpose
from superpose import RecipeError
from superpose.recipe import loads

VIEWS = """
[[view]]
kind = "identity"
prompt = "M in red"
[[view]]
kind = "rotate"
degrees = 180
prompt = "W in red"
"""
SHARE = '[[constraint]]\nkind = "anti-segregation"\nwords = ["M", "W"]\nrate = 20.0\n'


def recipe(views=VIEWS, share=SHARE, model="glyphs-ldm", scheduler="ddim"):
    text = f'[model]\nkind = "{model}"\n[scheduler]\nkind = "{scheduler}"\nsteps = 4\n{views}{share}'
    guided = text + '[guidance]\nkind = "cfg"\n[run]\nthreads = 1\nbatch_size = 4\n'
    return loads(guided, name="it.toml", folder=".")


def test_it_changes_the_image_and_a_sample_is_the_same_alone_and_gone_on_with():
    made = superpose.compose(recipe())
    whole = made.trajectory([0, 1]).run()
    plain = superpose.compose(recipe(share="")).trajectory([0, 1]).run()
    assert float((whole - plain).abs().max()) > 1e-3
    run = made.trajectory([1])
    assert torch.equal(run.run(state=run.step(run.start())), whole[1:])


@pytest.mark.parametrize("stop", [0.0, 0.5])
def test_it_stops_when_it_is_told(stop):
    rule = superpose.compose(recipe(share=f"{SHARE}stop = {stop}\n")).stages[0]
    run = rule.trajectory([0])
    told = run.rules[0].along(run.plan)
    state = run.step(run.start())
    moved = [told.after(state.x, run.plan.levels[i], None).jumped for i in range(1, 5)]
    assert moved == [4 * stop >= 1, 4 * stop >= 2, False, False]


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"share": SHARE.replace('"M", "W"', '"M"')}, "here are 2 views and 1 words"),
        ({"share": SHARE.replace('"M", "W"', '"M", "V"')}, "there is no word 'V' in 'W in red'"),
        ({"views": 'prompt = "M"\n'}, None),
        ({"views": VIEWS.replace(" in red", ""), "model": "glyphs"}, "use a model of text with cross-attention"),
        ({"scheduler": "dpmpp"}, "anti-segregation"),
    ],
)
def test_what_is_refused(changed, wrong):
    if wrong is None:
        text = changed["views"] + '[model]\nkind = "glyphs-ldm"\n[scheduler]\nkind = "ddim"\n' + SHARE
        with pytest.raises(RecipeError, match="here are 0 views"):
            superpose.inspect(loads(text, name="it.toml", folder="."))
        return
    with pytest.raises(RecipeError, match=wrong):
        superpose.inspect(recipe(**changed))
