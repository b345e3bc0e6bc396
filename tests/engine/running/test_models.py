"""Several networks on one canvas: ``[models.NAME]`` and ``model = "NAME"``."""

import attrs
import pytest
import torch

from superpose import RecipeError, compose, dumps, inspect, loads, make, replay, run
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.recipe import Recipe, Subject

pytestmark = pytest.mark.usefixtures("small")

HEAD = '[model]\nkind = "small-exact"\n[scheduler]\nkind = "ddim"\nsteps = 8\n'
CFG = '{kind = "cfg", scale = 3.0}'


def models(**levels):
    return "".join(f'[models.{name}]\nkind = "small-exact"\nlevels = "{of}"\n' for name, of in levels.items())


def view(prompt, more="", kind="identity"):
    return f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n{more}\n'


TWO = HEAD + models(second="cosine") + view("light") + view("dark", 'model = "second"', "rotate")


def images(text, samples=(0, 1), **changes):
    return compose(loads(text)).trajectory(samples).run()


def told(text):
    with pytest.raises(RecipeError) as caught:
        inspect(loads(text, name="r.toml"))
    return str(caught.value)


class TestWhatIsPainted:
    @pytest.mark.parametrize("levels", ["linear", "cosine", "ve", "edm", "flow"])
    def test_networks_that_know_the_same_paint_what_one_of_them_paints(self, levels):
        """Whatever their processes: these are exact, so that they agree on every clean image."""
        alone = HEAD + view("light") + view("light", kind="flip")
        both = HEAD + models(second=levels) + view("light") + view("light", 'model = "second"', "flip")
        torch.testing.assert_close(images(both), images(alone), atol=2e-4, rtol=0)

    @pytest.mark.parametrize("guidance", ["", f"guidance = {CFG}"])
    def test_each_paints_what_its_own_subject_says(self, guidance):
        """A blend of two networks is that of their prompts, half and half: 0.5 and -0.5 of the second are 0."""
        both = HEAD + models(second="flow") + view("light", guidance) + view("dark", f'{guidance}\nmodel = "second"')
        grey = 'prompt = "grey"\n' + HEAD
        torch.testing.assert_close(images(both), images(grey), atol=2e-4, rtol=0)

    def test_a_subject_has_the_network_of_what_it_is_in(self):
        inner = '[[view.view]]\nkind = "flip"\nprompt = "dark"\n[[view.view]]\nkind = "identity"\nprompt = "grey"\n'
        outer = '[[view]]\nkind = "identity"\nmodel = "second"\n' + inner
        [stage] = compose(loads(HEAD + models(second="cosine") + view("light") + outer)).stages
        [second] = stage.others
        assert sorted(stage.predictor.told) == ["light"]
        assert sorted(second.told) == ["dark", "grey"]

    def test_parts_may_have_networks_of_their_own(self):
        parts = '[decomposition]\nkind = "hybrid"\nlow = {prompt = "light", model = "second"}\nhigh = "dark"\n'
        mean = images(HEAD + models(second="edm") + parts).mean()
        assert mean > 0.3, "the low part, which has the grey level, is painted by the second network"

    def test_the_negative_prompt_is_that_which_says_nothing_to_the_network_itself(self):
        text = TWO.replace('model = "second"', f'model = "second"\nguidance = {CFG}')
        [second] = compose(loads(text)).stages[0].others
        assert sorted(second.told) == ["dark", "grey"]

    def test_equal_models_are_read_once_and_asked_together(self):
        text = HEAD + models(second="linear") + view("light") + view("light", 'model = "second"')
        [stage] = compose(loads(text)).stages
        assert stage.others == ()
        assert inspect(loads(text)).total == 8, "one network, one prompt: one row a step"


class TestRows:
    def test_the_cost_is_that_of_the_run(self):
        stage = attrs.evolve(compose(loads(TWO)).stages[0], batch_size=1)
        stage.trajectory((0,)).run()
        asked = [*stage.predictor.blocks, *stage.others[0].blocks]
        said = inspect(loads(TWO))
        assert (said.rows, said.evaluations, said.total, said.networks) == (1, 16, 16, 2)
        assert len(asked) == sum(asked) == said.total

    def test_check_says_so(self, tmp_path, capsys):
        (tmp_path / "two.toml").write_text(TWO)
        assert main(["check", str(tmp_path / "two.toml")]) == 0
        said = capsys.readouterr().out
        assert "model second, small-exact size=8 levels=cosine: 3 channels, 8x8 pixels" in said
        assert "prompt 'dark', model second" in said
        assert "1 network row a sample and evaluation, 16 evaluations of 2 networks: 16 rows a sample" in said

    def test_sample_k_of_many_is_sample_k_alone(self):
        stage = attrs.evolve(compose(loads(TWO)).stages[0], batch_size=4)
        many = stage.trajectory(range(5)).run()
        for k in range(5):
            assert torch.equal(stage.trajectory((k,)).run()[0], many[k]), f"sample {k}"


class TestTravelling:
    def test_it_is_read_back_as_it_was_written(self):
        recipe = loads(TWO)
        assert loads(dumps(recipe)) == recipe
        assert [name for name, _ in recipe.models] == ["second"]

    def test_an_image_says_all_weights_and_is_made_again(self, tmp_path):
        [path] = run(loads(TWO), tmp_path / "out", device="cpu").images
        assert list(read_origin(path).weights) == ["exact", "exact-2"], "both files are called so, and differ"
        assert replay(path, tmp_path / "again").read_bytes() == path.read_bytes()

    def test_an_override_reaches_them(self):
        recipe = loads(TWO, overrides=["models.second.levels=flow", "view.0.model=second"])
        assert recipe.models[0][1].levels == "flow"
        assert recipe.subject.view[0].subject.model == "second"


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
