"""The typed recipe: checked when it is made in Python, and one of one stage for each of its stages."""

import re

import attrs
import pytest

from example_kinds import (
    Cfg,
    Hybrid,
    Identity,
    Steps,
    Toy,
)
from small_models import First
from superpose import Constraint, NoClip, View
from superpose.errors import RecipeError
from superpose.recipe import PartTerms, Recipe, Run, Subject, ViewTerm
from superpose.recipe.tables import Stage


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Subject, "a subject is exactly one of prompt, image, view, decomposition, compose; got none"),
        (
            lambda: Subject(prompt="", view=[ViewTerm(view=Identity(), subject=Subject(prompt="A"))]),
            "a subject is exactly one of prompt, image, view, decomposition, compose; got prompt and view",
        ),
        (
            lambda: Recipe(model=Toy(), scheduler=Steps(steps=1), subject=Subject(prompt="A", guidance=Cfg())),
            "guidance of the whole image is the recipe's own: give it to Recipe, not to its Subject",
        ),
        (
            lambda: PartTerms(decomposition=Hybrid(), parts=(("high", Subject(prompt="A")),)),
            "the parts of 'hybrid' are low, high, in this order; got high",
        ),
    ],
)
def test_python_recipes_are_checked_when_they_are_made(make, message):
    with pytest.raises(RecipeError) as caught:
        make()
    assert str(caught.value) == message


def test_a_weight_made_in_python_is_checked():
    with pytest.raises(ValueError, match="must be more than 0, got 0"):
        ViewTerm(view=Identity(), weight=0, subject=Subject(prompt="A"))


def stage(size, **parts):
    return Stage(model=First(size=size), scheduler=Steps(steps=2), **parts)


def recipe(*stages, **parts):
    parts = {"subject": Subject(prompt="A")} | parts
    return Recipe(model=First(size=8), scheduler=Steps(steps=1), stage=stages, **parts)


@attrs.frozen(kw_only=True)
class Pixels(View):
    """Counts pixels."""

    kind = "pixels"
    columns: int = 2

    def apply(self, x):
        return x.roll(self.columns, -1)

    def invert(self, x):
        return x.roll(-self.columns, -1)

    def scaled(self, factor):
        return attrs.evolve(self, columns=round(self.columns * factor))


@attrs.frozen(kw_only=True)
class Keep(Constraint):
    """Keeps a part of the image; can be scaled where it is told so."""

    kind = "keep"
    columns: int = 2
    fixed: bool = False

    def bind(self, canvas):
        raise NotImplementedError

    def scaled(self, factor):
        return None if self.fixed else attrs.evolve(self, columns=round(self.columns * factor))


class Other(Keep):
    """Another kind of rule."""

    kind = "other"


def test_a_recipe_of_one_stage_is_its_only_stage():
    one = recipe()
    assert one.stages == (one,)


def test_each_stage_is_a_recipe_of_its_own_parts_with_views_at_its_size():
    shown = Subject(view=[ViewTerm(view=Pixels(), subject=Subject(prompt="A"))])
    whole = recipe(stage(16, clip=NoClip()), stage(32, guidance=Cfg()), subject=shown, guidance=Cfg(scale=2.0))
    first, second, third = whole.stages
    assert [it.model.size for it in whole.stages] == [8, 16, 32]
    assert [it.stage for it in whole.stages] == [(), (), ()]
    assert [it.subject.view[0].view.columns for it in whole.stages] == [2, 4, 8]
    assert (first.guidance, second.guidance, third.guidance) == (Cfg(scale=2.0), None, Cfg())
    assert (first.clip, second.clip, third.clip) == (None, NoClip(), None)
    assert first.scheduler.steps == 1
    assert second.scheduler.steps == third.scheduler.steps == 2


def test_constraints_are_scaled_left_out_or_replaced_by_those_of_their_kind():
    own = Keep(columns=5)
    rules = Keep(), Keep(columns=3), Other(fixed=True)
    whole = recipe(stage(16), stage(32, constraint=[own]), constraint=rules)
    assert whole.constraints(0) == tuple((("constraint", i), rule) for i, rule in enumerate(rules))
    assert whole.constraints(1) == ((("constraint", 0), Keep(columns=4)), (("constraint", 1), Keep(columns=6)))
    assert whole.constraints(2) == ((("stage", 1, "constraint", 0), own),)
    assert [it.constraint for it in whole.stages] == [rules, (Keep(columns=4), Keep(columns=6)), (own,)]


def test_a_negative_prompt_is_for_the_stages_with_guidance():
    whole = recipe(stage(16, guidance=Cfg()), subject=Subject(prompt="A", negative="B"))
    assert whole.negative == "B"
    assert [it.negative for it in whole.stages] == [None, "B"]
    deaf = recipe(stage(16), subject=Subject(prompt="A", negative="B"))
    assert [it.negative for it in deaf.stages] == ["B", "B"], "heard nowhere, it is kept, so that it can be refused"


def test_kinds_are_all_that_the_recipe_uses_in_its_order():
    shown = Subject(view=[ViewTerm(view=Pixels(), subject=Subject(prompt="A", guidance=Cfg(), model="other"))])
    whole = recipe(
        stage(16, constraint=[Other()]),
        subject=shown,
        constraint=[Keep()],
        models={"other": First(size=9)},
        clip=NoClip(),
    )
    assert [kind.kind for kind in whole.kinds()] == [
        "small-first", "small-first", "ddim", "none", "pixels", "cfg", "small-first", "ddim", "other", "keep",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("models", "model", "says"),
    [
        ({"more": First()}, "mor", "there is no [models.mor]; did you mean 'more'?"),
        ({"more": First()}, None, 'no subject is painted by it: write model = "more" in a view or a part'),
        ({"My Model": First()}, "My Model", "a model is called by lower case letters, digits and hyphens"),
    ],
)
def test_models_that_say_nothing_are_refused(models, model, says):
    shown = Subject(view=[ViewTerm(view=Pixels(), subject=Subject(prompt="A", model=model))])
    with pytest.raises(RecipeError, match=re.escape(says)):
        recipe(subject=shown, models=models)


@pytest.mark.parametrize("number", [-1, 2])
def test_guidance_holds_at_stages_that_there_are(number):
    inner = Subject(prompt="A", guidance=Cfg(), guidance_stages=(0, number))
    shown = Subject(view=[ViewTerm(view=Pixels(), subject=inner)])
    with pytest.raises(RecipeError, match=rf"guidance_stages = \[{number}\]: the stages of this recipe .* 0 to 1"):
        recipe(stage(16), subject=shown)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"samples": 0}, "at least 1"),
        ({"seed": -1}, "at least 0"),
        ({"dtype": "int8"}, "one of"),
        ({"threads": 0}, "least"),
    ],
)
def test_settings_of_a_run_are_checked(options, says):
    with pytest.raises(ValueError, match=says):
        Run(**options)
