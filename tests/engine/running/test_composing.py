"""AND and NOT in recipes: what they paint, with what they go together, and what is refused."""

import re

import pytest
import torch
from PIL import Image

from superpose import RecipeError, compose, dumps, inspect, loads, replay, run
from superpose.cli import main

pytestmark = pytest.mark.usefixtures("small")

HEAD = '[model]\nkind = "small-exact"\n[scheduler]\nkind = "ddim"\nsteps = 8\n'
FIRST = '[model]\nkind = "small-first"\n[scheduler]\nkind = "ddim"\nsteps = 3\n'
CFG_3 = '{kind = "cfg", scale = 3.0}'
CFG = '[guidance]\nkind = "cfg"\nscale = 3.0\n'
TWO = 'compose = {and = ["a", {prompt = "b", weight = 0.5}], not = [{prompt = "c", weight = 0.25}]}\n'


def images(text, samples=(0, 1)):
    low = None
    for stage in compose(loads(text)).stages:
        low = stage.trajectory(samples, low).run()
    return low


def told(text):
    with pytest.raises(RecipeError) as caught:
        inspect(loads(text, name="r.toml"))
    return str(caught.value)


def greys(terms, more=""):
    return f"compose = {{{terms}}}\n" + more + HEAD


class TestWhatIsPainted:
    @pytest.mark.parametrize(
        ("terms", "grey"),
        [
            ('and = ["light", "light"]', 1.0),
            ('and = ["light"], not = ["dark"]', 1.0),
            ('and = ["light", {prompt = "dark", weight = 0.4}]', 0.3),
            ('and = ["light"], not = [{prompt = "light", weight = 3}]', -1.0),
        ],
    )
    def test_it_is_the_product_of_densities(self, terms, grey):
        """Of grey 0 without a prompt: the network is exact, and so is the grey of the picture, but for its noise."""
        got = images(greys(terms, 'clip = {kind = "none"}\n'), range(8)).mean()
        assert abs(float(got) - grey) < 0.03

    def test_a_guidance_multiplies_the_weights(self):
        """The scale of cfg times each weight, as where nothing guides and the weights say all of it."""
        terms = (
            'and = [{prompt = "a", weight = 3}, {prompt = "b", weight = 1.5}], not = [{prompt = "c", weight = 0.75}]'
        )
        alone = f"compose = {{{terms}}}\n"
        torch.testing.assert_close(images(TWO + FIRST + CFG), images(alone + FIRST), atol=1e-4, rtol=1e-4)

    def test_one_prompt_is_what_it_is_without(self):
        got, want = images('compose = {and = ["a"]}\n' + FIRST + CFG), images('prompt = "a"\n' + FIRST + CFG)
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)

    def test_it_starts_from_the_negative_prompt_where_there_is_one(self):
        got = images('negative = "n"\n' + TWO + FIRST)
        every = TWO.replace("}]}", '}, {prompt = "n", weight = 0.25}]}')  # which leaves nothing to what is unprompted
        torch.testing.assert_close(got, images(every + FIRST), atol=1e-4, rtol=1e-4)
        assert not torch.allclose(got, images(TWO + FIRST), atol=1e-2)

    @pytest.mark.parametrize(
        "guidance",
        [
            '{kind = "apg", scale = 3.0, momentum = 0.0, eta = 1.0}',
            '{kind = "interval", base = {kind = "cfg", scale = 3.0}}',
            '{kind = "rescale", share = 0.0, base = {kind = "cfg", scale = 3.0}}',
            '{kind = "perp-neg", positive = 3.0}',
            '{kind = "dual", text = 3.0}',
            f'{{kind = "banded", decomposition = {{kind = "hybrid"}}, base = [{CFG_3}, {CFG_3}]}}',
            '{kind = "autoguidance", model = {kind = "small-first"}}',
        ],
    )
    def test_guidances_that_are_cfg_in_other_words_are_so_here(self, guidance):
        """Each with the options at which it is cfg, or (autoguidance by the network itself) none at all."""
        scale = 1.0 if "autoguidance" in guidance else 3.0
        want = images(TWO + FIRST + CFG.replace("3.0", str(scale)))
        got = images(TWO + f"guidance = {guidance}\n" + FIRST)
        torch.testing.assert_close(got, want, atol=1e-3, rtol=1e-3)

    def test_perp_neg_keeps_each_prompt_away_from_the_negative_one(self):
        """It starts from the unprompted image, not from the negative one."""
        guidance = 'guidance = {kind = "perp-neg", positive = 2.0, negative = 0.0}\n'
        got = images('negative = "n"\n' + TWO + guidance + FIRST)
        torch.testing.assert_close(got, images(TWO + CFG.replace("3.0", "2.0") + FIRST), atol=1e-4, rtol=1e-4)


TURNS = 'view = [{kind = "flip", prompt = "a"}, {kind = "identity", prompt = "b"}]\n'
#: Pieces of recipes in which every composition has weights that sum to 1.
INSIDE = {
    "in a view": '[[view]]\nkind = "rotate"\ncompose = {and = ["a", "b"], not = ["c"]}\n',
    "of views": f'[[compose.and]]\n{TURNS}[[compose.and]]\nprompt = "b"\n[[compose.not]]\nprompt = "c"\n',
    "in a part": '[decomposition]\nkind = "hybrid"\nlow = {compose = {and = ["a", "b"], not = ["c"]}}\nhigh = "c"\n',
    "of parts": '[[compose.and]]\nweight = 2.0\ndecomposition = {kind = "hybrid", low = "a", high = "b"}\n'
    '[[compose.not]]\nprompt = "c"\n',
    "of compositions": '[compose]\nand = ["a", {compose = {and = ["b"], not = ["c"]}}]\n',
    "of turns": f'[[compose.and]]\nreduction = "alternate"\nweight = 0.5\n{TURNS}'
    '[[compose.and]]\nweight = 0.5\nprompt = "c"\n',
    "with a guidance": '[compose]\nand = ["a", {prompt = "b", guidance = {kind = "apg"}}]\nnot = ["c"]\n',
    "in stages": '[compose]\nand = ["a", "b"]\nnot = ["c"]\n'
    '[[stage]]\nmodel = {kind = "small-larger"}\nscheduler = {kind = "ddim", steps = 2}\n',
    "beside a constraint": '[compose]\nand = ["a", "b"]\n'
    '[[constraint]]\nkind = "freeze"\nimage = "a.png"\ndecomposition = {kind = "colour"}\n',
}


@pytest.mark.parametrize("guidance", ["", CFG])
@pytest.mark.parametrize("place", INSIDE)
def test_it_nests(place, guidance, tmp_path):
    Image.new("RGB", (8, 8), (90, 120, 70)).save(tmp_path / "a.png")
    recipe = loads(FIRST + guidance + INSIDE[place], folder=tmp_path)
    assert loads(dumps(recipe), folder=tmp_path) == recipe
    inspect(recipe)
    alone = many = None
    for stage in compose(recipe).stages:
        alone, many = stage.trajectory((3,), alone).run(), stage.trajectory((0, 3), many).run()
    assert torch.equal(alone[0], many[1]), "a sample of many is not the sample alone"
    assert many.isfinite().all()


@pytest.mark.parametrize("guidance", ["", CFG])
@pytest.mark.parametrize("place", ["in a view", "of views", "in a part", "of parts", "of compositions", "of turns"])
def test_of_one_prompt_it_is_that_prompt(place, guidance):
    """Where all inside say the same, through views that change nothing."""
    text = INSIDE[place].replace('"flip"', '"identity"').replace('"rotate"', '"identity"')
    text = re.sub('"[abc]"', '"cat"', text)
    want = images('prompt = "cat"\n' + FIRST + guidance)
    torch.testing.assert_close(images(FIRST + guidance + text), want, atol=1e-3, rtol=1e-3)


class TestCost:
    @pytest.mark.parametrize(
        ("text", "rows"),
        [
            (TWO + FIRST, 4),
            (TWO + FIRST + CFG, 4),
            ('compose = {and = [{prompt = "a", weight = 0.5}, {prompt = "b", weight = 0.5}]}\n' + FIRST, 2),
            ('compose = {and = [{prompt = "a", weight = 0.5}, {prompt = "b", weight = 0.5}]}\n' + FIRST + CFG, 3),
        ],
    )
    def test_each_prompt_is_one_row_and_what_it_starts_from_another(self, text, rows):
        assert inspect(loads(text)).rows == rows
        [stage] = compose(loads(text)).stages
        stage.trajectory((0,)).run()
        assert set(stage.predictor.blocks) == {max(4, rows)}

    def test_check_shows_it(self, tmp_path, capsys):
        (tmp_path / "two.toml").write_text(TWO + FIRST)
        assert main(["check", str(tmp_path / "two.toml")]) == 0
        said = capsys.readouterr().out
        for line in ("composition", "AND\n", "AND weight 0.5", "NOT weight 0.25", "4 network rows a sample and step"):
            assert line in said


def test_a_picture_is_made_again_of_it(tmp_path):
    [path] = run(loads(TWO + FIRST), tmp_path / "out", device="cpu").images
    assert replay(path, tmp_path / "again").read_bytes() == path.read_bytes()


def test_an_override_reaches_it():
    recipe = loads(TWO + FIRST, overrides=["compose.and.1.weight=2", "compose.not.0.prompt=x"])
    assert recipe.subject.compose.weights == (1.0, 2.0, -0.25)
    assert recipe.subject.compose.negated[0].subject.prompt == "x"


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (TWO.replace('"a"', '"unknown"') + FIRST, "1:19: compose.and.0.prompt: unknown prompt 'unknown'"),
            (
                'compose = {and = [{prompt = "a", negative = "n"}, "b"]}\n' + FIRST,
                "compose.and.0.negative: a negative prompt says nothing without guidance",
            ),
            ('negative = "unknown"\n' + TWO + FIRST, "1:1: negative: unknown prompt 'unknown'"),
            (
                'compose = {and = ["a"], not = [{view = [{kind = "rotate", degrees = 90, prompt = "b"}]}]}\n'
                + FIRST.replace('"small-first"', '"ddpm"\npath = "nowhere"'),
                "no such file",
            ),
        ],
    )
    def test_with_the_place_and_the_cure(self, text, says):
        assert says in told(text)

    def test_a_network_that_can_not_be_asked_without_a_prompt(self, monkeypatch):
        from small_models import Exact

        monkeypatch.setattr(Exact, "unconditional", "")
        text = greys('and = ["light", "dark"]')
        assert told(text) == (
            "r.toml:1:1: compose: a composition starts from what the network says without a prompt, and unknown grey "
            "''; known: grey, light, dark: give a negative prompt to start from, or weights whose sum, those of `not` "
            "taken off, is 1"
        )
        assert images('negative = "grey"\n' + text).isfinite().all()
        half = 'and = [{prompt = "light", weight = 0.5}, {prompt = "dark", weight = 0.5}]'
        assert images(greys(half)).isfinite().all()
