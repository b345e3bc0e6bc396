"""Contradictions: found before any weight is read, each told in its place with the cure."""

import attrs
import pytest

from small_models import First
from superpose import Problem, RecipeError, inspect, loads, make
from superpose.estimate.process import GaussianProcess
from superpose.recipe import Recipe, Subject
from superpose.running.contradictions import contradictions, place_of, refuses_process

pytestmark = pytest.mark.usefixtures("small")

HEAD = '[model]\nkind = "small-exact"\n[scheduler]\nkind = "ddim"\nsteps = 8\n'
CFG = '{kind = "cfg", scale = 3.0}'


def models(**levels):
    return "".join(f'[models.{name}]\nkind = "small-exact"\nlevels = "{of}"\n' for name, of in levels.items())


def view(prompt, more="", kind="identity"):
    return f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n{more}\n'


TWO = HEAD + models(second="cosine") + view("light") + view("dark", 'model = "second"', "rotate")


def told(text):
    with pytest.raises(RecipeError) as caught:
        inspect(loads(text, name="r.toml"))
    return str(caught.value)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (
                HEAD + models(second="cosine") + view("light", 'model = "secund"'),
                [
                    '6:1: models.second: no subject is painted by it: write model = "second" in a view or a part, or',
                    "12:1: view.0.model: there is no [models.secund]; did you mean 'second'?",
                ],
            ),
            (
                HEAD + view("light", 'model = "second"'),
                ["9:1: view.0.model: there is no [models.second]; none is known"],
            ),
            (
                "models = 3\n" + HEAD + view("light"),
                ["1:1: models: expected a table, got 3; write [models.NAME] and its kind"],
            ),
            (
                HEAD + models(Second="cosine") + view("light", 'model = "Second"'),
                ["6:1: models.Second: a model is called by lower case letters, digits and hyphens; got 'Second'"],
            ),
            ('model = "second"\n' + view("light"), ["1:1: model: expected a table, got 'second'"]),
        ],
        ids=["unknown", "none", "no table", "name", "at the top"],
    )
    def test_what_the_names_say(self, text, says):
        lines = told(text).split("\n")
        assert [line.removeprefix("r.toml:")[: len(want)] for line, want in zip(lines, says, strict=False)] == says

    @pytest.mark.parametrize(
        ("kind", "says"),
        [
            (
                'kind = "small-exact"\nsize = 16',
                "small-exact paints pictures of 3x16x16, and small-exact, the model of the canvas, pictures of 3x8x8",
            ),
            (
                'kind = "small-waves"',
                "small-waves paints pictures of 3x8x8 in latents of 12x4x4, and small-exact, the model of the canvas",
            ),
            (
                'kind = "small-larger"\nsize = 8',
                "small-larger enlarges pictures of a stage before: it belongs into a [[stage]], after a first model",
            ),
        ],
        ids=["size", "latents", "upscaler"],
    )
    def test_another_canvas(self, kind, says):
        text = f"{HEAD}[models.second]\n{kind}\n" + view("light", 'model = "second"')
        assert told(text).startswith(f"r.toml:6:1: models.second: {says}")

    def test_a_cascade(self):
        stage = '[[stage]]\nmodel = {kind = "small-larger"}\nscheduler = {kind = "ddim", steps = 2}\n'
        assert told(TWO + stage).startswith("r.toml:6:1: models.second: a stage is painted by its own network alone")

    def test_a_prompt_of_another_vocabulary(self):
        text = HEAD.replace("small-exact", "small-first") + models(second="linear")
        assert told(text + view("A") + view("A", 'model = "second"')) == (
            "r.toml:15:1: view.1.prompt: unknown grey 'A'; known: grey, light, dark"
        )

    def test_a_negative_prompt_of_another_vocabulary_said_further_out(self):
        first = HEAD.replace("small-exact", "small-first")
        text = f'negative = "A"\nguidance = {CFG}\n{first}' + models(second="linear")
        text += view("A") + view("dark", 'model = "second"')
        assert told(text) == (
            "r.toml:18:1: view.1.model: the negative prompt further out is none of small-exact: unknown grey 'A'; "
            "known: grey, light, dark; give this subject a negative prompt of its own"
        )
        assert inspect(loads(text + 'negative = "light"\n'))

    def test_a_guidance_said_further_out_that_is_not_for_the_network(self):
        guidance = '{kind = "autoguidance", model = {kind = "small-exact", levels = "linear"}}'
        text = f"guidance = {guidance}\n" + TWO
        assert told(text).startswith(
            "r.toml:17:1: view.1.model: the guidance further out is not for small-exact: the worse network was trained "
            "on other noise levels"
        )
        assert inspect(loads(text + 'guidance = {kind = "cfg"}\n'))

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"subject": Subject(prompt="A", model="second")}, "the network of the whole image is"),
            ({"models": {"second": 0}}, "no subject is painted by it"),
        ],
    )
    def test_in_python_too(self, fields, says):
        subject = fields.pop("subject", Subject(prompt="A"))
        with pytest.raises(RecipeError, match=says):
            Recipe(model=make("model", "glyphs"), scheduler=make("scheduler", "ddim"), subject=subject, **fields)


CASCADE = '[[stage]]\nmodel = {kind = "small-larger"}\nscheduler = {kind = "ddim", steps = 2}\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'prompt = "light"\nnegative = "dark"\n' + HEAD,
            "r.toml:2:1: negative: a negative prompt says nothing without guidance: add [guidance], one of ",
        ),
        (
            'compose = {and = ["light", "dark"], not = ["neither"]}\n' + HEAD,
            "r.toml:1:44: compose.not.0.prompt: unknown grey 'neither'; known: grey, light, dark",
        ),
    ],
    ids=["negative", "vocabulary"],
)
def test_what_can_not_be_is_told_where_it_stands(text, says):
    assert told(text).startswith(says)


def test_views_do_not_take_turns_under_a_scheduler_with_a_history():
    text = 'reduction = "alternate"\n' + HEAD.replace('"ddim"', '"dpmpp"') + view("light") + view("dark")
    assert told(text) == (
        "r.toml:1:1: reduction: dpmpp as set here goes by the steps before, in which another view had its turn: "
        "use a single-step scheduler, or the mean"
    )
    assert inspect(loads(text.replace('"dpmpp"', '"ddim"')))


def test_a_place_is_that_of_the_recipe_for_what_is_said_once_and_of_the_stage_for_its_own():
    recipe = loads('prompt = "A"\n' + HEAD.replace("small-exact", "small-first") + CASCADE)
    assert place_of(0, ("model", "size"), recipe) == ("model", "size")
    assert place_of(1, ("model", "size"), recipe) == ("stage", 0, "model", "size")
    assert place_of(2, ("scheduler",)) == ("stage", 1, "scheduler")
    assert place_of(1, ("view", 0, "prompt"), recipe) == ("view", 0, "prompt")
    assert place_of(1, ()) == ()


def test_a_recipe_that_can_be_has_no_contradiction():
    assert contradictions(loads('prompt = "light"\n' + HEAD)) == []
    assert contradictions(loads('prompt = "A"\n' + HEAD.replace("small-exact", "small-first") + CASCADE)) == []


def test_every_contradiction_is_told_at_once():
    text = HEAD + view("a") + view("b") + view("light", 'negative = "c"')
    found = contradictions(loads(text))
    assert [path for path, _ in found] == [("view", 0, "prompt"), ("view", 1, "prompt"), *[("view", 2, "negative")] * 2]


def test_a_kind_of_another_process_is_refused_with_those_that_fit():
    class Absorbing:
        name = "absorbing"

    ddim = make("scheduler", "ddim")
    assert refuses_process(ddim, GaussianProcess()) is None
    assert refuses_process(make("view", "flip"), Absorbing()) is None, "it is for any"
    assert refuses_process(ddim, Absorbing()) == (
        "ddim is for gaussian noise, and that of the model is absorbing: no scheduler that is installed is for that"
    )


def test_models_stand_where_they_can():
    first = 'prompt = "A"\n' + HEAD.replace("small-exact", "small-first")
    assert "small-first paints from noise alone: a [[stage]] needs a model that enlarges" in told(
        first + CASCADE.replace("small-larger", "small-first")
    )
    assert "belongs into a [[stage]], after a first model" in told(first.replace("small-first", "small-larger"))


def test_a_model_says_which_readings_it_can_not_show_where_all_else_is_well():
    class Weary(First):
        kind = "weary"

        def readings_problems(self, readings):
            asked = [reading.prompt for reading in readings]
            if len(asked) > 1:
                yield Problem("size", f"{' and '.join(asked)} are too much", "ask for one")

    def contradictory(text):
        recipe = loads(text.replace("small-exact", "small-first"))
        return contradictions(attrs.evolve(recipe, model=Weary()))

    assert contradictory(HEAD + view("a")) == []
    assert contradictory(HEAD + view("a") + view("b", kind="rotate")) == [
        (("model", "size"), "a and b are too much: ask for one")
    ]
    wrong = [path for path, _ in contradictory(HEAD + view("a") + view("unknown"))]
    assert wrong == [("view", 1, "prompt")]
