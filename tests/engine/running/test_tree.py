"""The tree of a recipe: the denoiser that one puts together by hand, each subject with the place that says it."""

import attrs
import pytest
import torch
from PIL import Image

from example_kinds import Steps
from small_models import First, checked
from superpose import (
    BoundGuidance,
    Context,
    Guidance,
    Known,
    NoiseLevel,
    PluginError,
    RecipeError,
    composed,
    factorized,
    guided,
    loads,
    make,
    prompted,
    read_image,
    viewed,
)
from superpose.estimate.own_levels import OwnLevels
from superpose.recipe import Recipe, Subject
from superpose.running.tree import tree
from superpose.testing.predictors import TinyPredictor

pytestmark = pytest.mark.usefixtures("small")
LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)
HEAD = '[model]\nkind = "small-first"\n[scheduler]\nkind = "ddim"\nsteps = 3\n'
CFG = '[guidance]\nkind = "cfg"\nscale = 3.0\n'
TWO = '[[view]]\nkind = "identity"\nprompt = "a"\nweight = 3.0\n[[view]]\nkind = "rotate"\nprompt = "b"\n'


def built(text, network=None, nodes=None):
    recipe = loads(text) if isinstance(text, str) else text
    network = network or recipe.model.load()
    return tree(recipe, Context.of(network, recipe.model), network, nodes), network


def states(rows=2):
    return torch.randn(rows, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def same(got, want):
    a, b = (denoiser(states(), LEVEL).clean for denoiser in (got, want))
    torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_a_prompt_is_itself_and_guided_away_from_what_says_nothing_or_the_negative():
    got, network = built('prompt = "a"\n' + HEAD)
    same(got, prompted(network, "a"))
    for negative in ("", "n"):
        said = f'negative = "{negative}"\n' * bool(negative)
        got, network = built('prompt = "a"\n' + said + HEAD + CFG)
        same(got, guided(prompted(network, "a"), prompted(network, negative), 3.0))


def test_views_are_weighed_parts_are_added_and_compositions_start_unprompted():
    got, network = built(HEAD + TWO)
    a, b = (prompted(network, prompt) for prompt in "ab")
    same(got, viewed([(make("view", "identity"), a), (make("view", "rotate"), b)], [0.75, 0.25]))
    got, network = built(HEAD + '[decomposition]\nkind = "hybrid"\nlow = "a"\nhigh = "b"\n')
    hybrid = make("decomposition", "hybrid")
    same(got, factorized(hybrid, [prompted(network, prompt) for prompt in "ab"]))
    got, network = built('compose = {and = ["a", {prompt = "b", weight = 0.5}]}\n' + HEAD)
    a, b, none = (prompted(network, prompt) for prompt in ("a", "b", ""))
    same(got, composed([(a, 1.0), (b, 0.5)], none))


def test_an_image_is_known_and_while_it_is_only_inspected_it_is_not_read(tmp_path):
    Image.new("RGB", (8, 8), (255, 128, 0)).save(tmp_path / "a.png")
    text = HEAD + f'[[view]]\nkind = "identity"\nprompt = "a"\n[[view]]\nkind = "rotate"\nimage = "{tmp_path}/a.png"\n'
    got, network = built(text)
    known = Known(read_image(tmp_path / "a.png", (3, 8, 8)))
    same(got, viewed([(make("view", "identity"), prompted(network, "a")), (make("view", "rotate"), known)]))
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert built(text, nodes=[])


def test_every_subject_is_noted_what_is_inside_first_with_the_place_that_says_it():
    nodes = []
    text = HEAD + TWO + '[[view]]\nkind = "flip"\n[view.decomposition]\nkind = "hybrid"\nlow = "c"\n'
    text += '[view.decomposition.high]\nprompt = "d"\nguidance = {kind = "cfg"}\n'
    denoiser, _ = built(text, nodes=nodes)
    parts = ("view", 2, "decomposition")
    assert [node.path for node in nodes] == [
        ("view", 0, "prompt"),
        ("view", 1, "prompt"),
        (*parts, "low", "prompt"),
        (*parts, "high", "guidance"),
        parts,
        ("view",),
    ]
    assert [node.places for node in nodes[-2:]] == [(("low",), ("high",)), ((0,), (1,), (2,))]
    assert {node.shape for node in nodes} == {(3, 8, 8)}
    assert nodes[-1].denoiser is denoiser


def test_equal_prompts_are_one_condition_so_that_they_are_asked_once():
    got, network = built(HEAD + TWO.replace('"b"', '"a"').replace('"rotate"', '"identity"'))
    got(states(), LEVEL)
    assert network.blocks == [2]


def test_a_network_of_other_levels_is_asked_at_its_own():
    inner = TWO.replace('prompt = "b"', 'prompt = "dark"\nmodel = "second"').replace('"a"', '"light"')
    first = HEAD.replace('"small-first"', '"small-exact"')
    second = '[models.second]\nkind = "small-exact"\nlevels = "{}"\n'
    nodes = []
    built(first + second.format("cosine") + inner, nodes=nodes)
    assert [isinstance(node.denoiser, OwnLevels) for node in nodes] == [False, True, False]
    nodes = []
    built(first + second.format("linear") + inner, nodes=nodes)
    assert not any(isinstance(node.denoiser, OwnLevels) for node in nodes)


@attrs.frozen(kw_only=True)
class Odd(Guidance):
    """Binds to, or answers with, what is none."""

    kind = "odd"
    binds: bool = False

    def bind(self, context):
        return Answering() if self.binds else "nothing"

    def denoiser(self, predictor, condition, negative):
        raise NotImplementedError


class Answering(BoundGuidance):
    """Answers with no denoiser."""

    def denoiser(self, predictor, condition, negative):
        return 3


@pytest.mark.parametrize(
    ("guidance", "says"),
    [
        (Odd(), r"Odd\.bind, .* returns a str, and must return a superpose\.BoundGuidance"),
        (Odd(binds=True), r"Answering\.denoiser, .* returns an int, and must return a Denoiser"),
    ],
)
def test_what_is_no_guidance_is_blamed_on_its_method(guidance, says):
    recipe = Recipe(model=First(), scheduler=Steps(steps=1), subject=Subject(prompt="a"), guidance=guidance)
    with pytest.raises(PluginError, match=says):
        built(recipe)


class Choosy(First):
    """Knows no prompt that says nothing."""

    unconditional = "unknown"

    def load(self, device="cpu", dtype="float32"):
        network = super().load()

        def condition(prompt):
            checked(prompt)
            return TinyPredictor.condition(network, prompt)

        network.condition = condition
        return network


def test_a_network_without_the_empty_prompt_says_who_asked_for_it():
    guidance = make("guidance", "cfg")
    recipe = Recipe(model=Choosy(), scheduler=Steps(steps=1), subject=Subject(prompt="a"), guidance=guidance)
    with pytest.raises(RecipeError, match="guidance asks for the negative prompt 'unknown' too: unknown prompt"):
        built(recipe)
