"""Recipes that nobody writes: mutated, huge, nested; each is right or refused, in bounded time."""

import copy
import re
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import fuzz
from superpose import RecipeError, Rule, SuperposeError, inspect, loads, make
from superpose.levels.noise_level import NoiseLevel
from superpose.levels.plan import Plan
from superpose.sampling.fitting import LONGEST, fitted

RECIPES = Path(__file__).parents[3] / "recipes"
HEAD = 'model.kind = "glyphs"\nscheduler = {kind = "ddim", steps = 6}\n'
#: Each with the line and column at fault: its 501st key or table, what stands 65 deep, the number itself.
TOO_MUCH = {
    "keys": ('prompt = "A"\n' + "".join(f"k{i} = 1\n" for i in range(20_000)), "501:1"),
    "batch_size": ('prompt = "A"\nrun.batch_size = 100_000_000\n', "4:1"),
    "at_once": ('prompt = "A"\nrun.at_once = 1_000_000_000_000\n', "4:1"),
    "digits": (f'prompt = "{"1" * 5000}" # {"1" * 5000}\nrun.seed = {"1" * 5000}', "4:12"),
    "nested headers": ("\n".join("[[" + ".".join(["view"] * i) + "]]" for i in range(1, 251)), "34:1"),
    "nested lists": ("prompt = " + "[" * 300 + "]" * 300, "3:73"),
    "nested beyond reading": ("prompt = ['[[[', # [[[[\n" + "[" * 900 + "]" * 901, "4:64"),
    "nested tables": ('prompt = "A"\n' + "[" + ".".join(["run"] * 2000) + "]", "4:1"),
    "views": ("[[view]]\nkind = 'identity'\nprompt = 'A'\n" * 3000, "1494:1"),
    "text": ('prompt = "' + "A" * 2_000_000 + '"', "1:1"),
}


@contextmanager
def work_at_most(calls):
    """Count the calls of functions in the block, a measure of work that no other program on the machine changes."""
    made = 0

    def count(_frame, event, _argument):
        nonlocal made
        made += event in ("call", "c_call")

    loads('prompt = "A"\n' + HEAD)  # the plugins are loaded once
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
    assert made < calls


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_one_sentence_at_once(name):
    text, place = TOO_MUCH[name]
    with work_at_most(calls=1_000_000), pytest.raises(RecipeError) as caught:
        loads(HEAD + text, name="recipe.toml")
    assert str(caught.value).startswith(f"recipe.toml:{place}: ")
    assert len(str(caught.value).splitlines()) == 1


class Doubling(Rule):
    """Makes every transition twice as often."""

    kind = "doubling"

    def plan(self, plan):
        return Plan.of([*plan.levels[:-1] * 2, plan.levels[-1]])


def test_plans_do_not_double_without_end():
    plan = Plan.of([NoiseLevel(0, 9.0, 0.5, 0.8)] * 1000 + [NoiseLevel(0, -1.0, 1.0, 0.0)])
    with pytest.raises(RecipeError, match=f"doubling makes a plan of 64,000 steps; a run has at most {LONGEST:,}"):
        fitted(make("scheduler", "ddim"), plan, [Doubling()] * 40)


def test_a_plan_that_is_too_long_is_told_where_the_constraint_is():
    text = (RECIPES / "inpaint.toml").read_text().replace("repeats = 2", "repeats = 100")
    line = next(n for n, words in enumerate(text.splitlines(), 1) if words.startswith("[[constraint]]"))
    with pytest.raises(RecipeError) as caught:
        inspect(loads(text, name="recipe.toml", folder=RECIPES, overrides=["scheduler.steps=600"]))
    assert re.fullmatch(
        rf"recipe\.toml:{line}:\d+: constraint\.0: inpaint makes a plan of [\d,]+ steps; a run has at most 50,000",
        str(caught.value),
    )


def test_a_billion_repeats_are_refused():
    text = (RECIPES / "inpaint.toml").read_text()
    with pytest.raises(RecipeError, match=r"constraint\.0\.repeats: must be at most 100, got 1000000000"):
        loads(text.replace("repeats = 2", "repeats = 1_000_000_000"), folder=RECIPES)


ODD = st.one_of(
    st.sampled_from([0, -1, 2**63, 10**30, 1e308, float("nan"), float("inf"), True, "\u202e", "\0", "A" * 99]),
    st.sampled_from([[], {}, [[]], [{}], {"kind": "identity"}, {"kind": 3}, [{"kind": "rotate", "prompt": "A"}]]),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
)  # fmt: skip


@st.composite
def mutated(draw):
    """A shipped recipe with up to three things changed: dropped, replaced, renamed, moved or repeated."""
    data = tomllib.loads(draw(st.sampled_from(sorted(RECIPES.glob("*.toml")))).read_text())
    for _ in range(draw(st.integers(1, 3))):
        path, node = [], data
        while isinstance(node, dict | list) and node and (not path or draw(st.booleans())):
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            path, parent, node = [*path, key], node, node[key]
        if not path:
            break
        match draw(st.sampled_from(["drop", "replace", "rename", "copy", "repeat"])):
            case "drop":
                del parent[path[-1]]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.text(max_size=6))] = parent.pop(path[-1])
            case "repeat" if isinstance(parent, list):
                parent += [parent[path[-1]]] * draw(st.integers(1, 3))
            case "copy":
                place = draw(st.sampled_from(["view", "stage", "constraint", "guidance", "clip", "run", "x"]))
                data[place] = copy.deepcopy(node)
            case _:
                parent[path[-1]] = copy.deepcopy(draw(ODD))  # a later change may be made inside it
    return tomli_w.dumps(data)


def problems_of(read):
    """The lines of a refusal; none where what is called passes. Any other exception is a fault."""
    try:
        read()
    except SuperposeError as error:
        return str(error).splitlines()
    return []


@fuzz(40)
@given(text=mutated())
def test_a_mutated_recipe_is_read_or_refused_with_positions(text):
    with work_at_most(calls=1_000_000):
        lines = problems_of(lambda: loads(text, name="recipe.toml", folder=RECIPES))
    for line in lines:
        assert re.match(r"recipe\.toml:\d+:\d+: ", line), line


@fuzz(25)
@given(text=mutated())
def test_a_mutated_recipe_is_inspected_or_refused(text):
    lines = problems_of(lambda: inspect(loads(text, name="recipe.toml", folder=RECIPES)))
    assert not lines or lines[0].startswith("recipe.toml:"), lines
