"""Several networks on one canvas: ``[models.NAME]`` and ``model = "NAME"``."""

import attrs
import pytest
import torch

from superpose import compose, dumps, inspect, loads, replay, run
from superpose.cli import main
from superpose.media.png import read_origin

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
