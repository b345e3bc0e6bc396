"""Problems of kinds are told at the line of the option that they name."""

import attrs
import pytest
import torch

from small_models import First
from superpose import (
    Constraint,
    Guidance,
    Model,
    NetworkPredictor,
    PluginError,
    Problem,
    PromptError,
    RecipeError,
    Rule,
    View,
    inspect,
    loads,
    make,
    option,
    problems_of,
    refuse,
)
from superpose.plugins import Registry, load_plugins
from superpose.running.stand_in import StandIn

SIZE = (3, 32, 32)
TEXT = """
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 2
[guidance]
kind = "rescale"
base = {kind = "shy", scale = 2.0}
[[view]]
kind = "chain"
prompt = "A"
views = [
  {kind = "flip"},
  {kind = "fussy", first = 1, second = 2},
]
[[constraint]]
kind = "careful"
"""


@attrs.frozen(kw_only=True)
class Fussy(View):
    """Likes no size, for two reasons."""

    kind = "fussy"
    first: int = option(0, doc="one reason")
    second: int = option(0, doc="another")

    def problems(self, shape):
        yield Problem("second", f"{self.second} is worse", "write 0")
        yield Problem("first", f"{self.first} is bad", "write 0")

    def apply(self, x):
        return x

    def invert(self, x):
        return x


@attrs.frozen(kw_only=True)
class Shy(Guidance):
    """Guides no model."""

    kind = "shy"
    scale: float = option(1.0, doc="of nothing")

    def problems(self, model):
        return [Problem("scale", f"{self.scale:g} is much for {model.kind}", "write 1")]

    def denoiser(self, predictor, condition, negative):
        raise AssertionError


@attrs.frozen(kw_only=True)
class Careful(Constraint, Rule):
    """Reads a file that is not there."""

    kind = "careful"

    def problems(self, canvas):
        yield Problem("", f"it dislikes {canvas.shape[1]} pixels")
        raise RecipeError("no such file")

    def bind(self, canvas):
        return self


def test_each_is_told_at_the_line_of_its_option():
    every = [cls for role in load_plugins().roles for cls in load_plugins().kinds(role).values()]
    recipe = loads(TEXT, name="r.toml", registry=Registry.of(*every, Fussy, Shy, Careful))
    with pytest.raises(RecipeError) as caught:
        inspect(recipe)
    assert caught.value.lines == (
        "r.toml:9:23: guidance.base.scale: 2 is much for glyphs: write 1",
        "r.toml:15:20: view.0.views.1.first: 1 is bad: write 0",
        "r.toml:15:31: view.0.views.1.second: 2 is worse: write 0",
        "r.toml:17:1: constraint.0: it dislikes 32 pixels",
        "r.toml:17:1: constraint.0: no such file",
    )


def test_an_option_is_a_key_or_a_path():
    assert Problem("side", "bad").option == ("side",)
    assert Problem("", "bad").option == ()
    assert Problem(("views", 0), "bad").inside("base", 2).option == ("base", 2, "views", 0)
    assert str(Problem("", "bad", "be good")) == "bad: be good"
    assert str(Problem("", "bad, so be good")) == "bad, so be good"


def test_the_error_of_a_call_is_one():
    def read():
        raise RecipeError("one", "two")

    assert list(Problem.caught("image", read)) == [Problem("image", "one; two")]
    assert list(Problem.caught("image", lambda: 3)) == []


def test_refusing_names_the_options():
    refuse([])
    with pytest.raises(PromptError) as caught:
        refuse([Problem(("views", 1, "side"), "bad", "be good"), Problem("", "worse")], PromptError)
    assert caught.value.lines == ("views.1.side: bad: be good", "worse")


@pytest.mark.parametrize(("given", "named"), [(None, "nothing"), ("too large", "a str"), ([None], "nothing")])
def test_what_is_no_problem_is_blamed_on_its_author(given, named):
    class Sloppy(Fussy):
        def problems(self, shape):
            return given

    with pytest.raises(PluginError, match=rf"Sloppy\.problems.* gives {named}, and must give superpose\.Problem"):
        problems_of(Sloppy().problems, SIZE)


@pytest.mark.parametrize(
    ("base", "old", "new"),
    [
        (Model, "check_prompt", "prompt_problems"),
        (Model, "check_files", "problems"),
        (Guidance, "check_prompt", "prompt_problems"),
    ],
)
def test_a_method_of_an_old_name_is_told_the_new_one(base, old, new):
    with pytest.raises(PluginError, match=rf"\.Mine\.{old} is called {new} now, and yields a superpose\.Problem"):
        type("Mine", (base,), {old: lambda self, prompt="": None})


def test_other_roles_may_call_their_own_methods_so():
    assert type("Mine", (Constraint,), {"check_files": lambda self: None}).role == "constraint"


@attrs.frozen(kw_only=True)
class Picky(First):
    """Knows one prompt, and has files that are not its own."""

    kind = "picky"
    sizes: tuple[int, ...] = option((), doc="nothing")

    def prompt_problems(self, prompt):
        if prompt != "yes":
            yield Problem("", f"it dislikes {prompt!r}", "write 'yes'")
            yield Problem("", "it is in a bad mood")

    def problems(self):
        yield from (Problem(("sizes", i), f"{size} is odd") for i, size in enumerate(self.sizes) if size % 2)


PICKY = """
prompt = "no"
[model]
kind = "picky"
sizes = [2, 3]
[scheduler]
kind = "ddim"
"""


def of_picky(*overrides):
    every = [cls for role in load_plugins().roles for cls in load_plugins().kinds(role).values()]
    with pytest.raises(RecipeError) as caught:
        inspect(loads(PICKY, name="r.toml", registry=Registry.of(*every, Picky), overrides=overrides))
    return caught.value.lines


def test_files_and_prompts_are_told_at_their_places():
    assert of_picky() == ("r.toml:5:13: model.sizes.1: 3 is odd",)
    assert of_picky("model.sizes=[2, 4]") == (
        "r.toml:2:1: prompt: it dislikes 'no': write 'yes'",
        "r.toml:2:1: prompt: it is in a bad mood",
    )


@pytest.mark.parametrize("network", [StandIn(Picky(), []), NetworkPredictor(Picky(), torch.zeros, lambda _: {})])
def test_whoever_tells_a_network_a_prompt_gets_the_same_sentences(network):
    assert network.condition("yes").prompt == "yes"
    with pytest.raises(PromptError) as caught:
        network.condition("no")
    assert caught.value.lines == ("it dislikes 'no': write 'yes'", "it is in a bad mood")


def test_in_python_they_are_raised_as_they_are():
    canvas = type("Canvas", (), {"image_shape": SIZE, "device": "cpu"})
    with pytest.raises(RecipeError, match=r"^image: .*nothing\.png: no such file$"):
        refuse(make("constraint", "sdedit", image="nothing.png").problems(canvas))
