"""The law can't be switched off: not by a wrapper that checks nothing, nor by weights outside a mix."""

import attrs
import pytest
import torch

from superpose import (
    Denoiser,
    Estimate,
    Guidance,
    Known,
    LawError,
    Mix,
    NoiseLevel,
    PluginError,
    Prompted,
    RecipeError,
    Term,
    View,
    guided,
    inspect,
    loads,
    make,
    option,
    prompted,
    sample,
    together,
)
from superpose.estimate.lawful import _without_networks, check_law, departure
from superpose.estimate.parts import parts_of
from superpose.plugins import load_plugins
from superpose.testing.predictors import TinyPredictor

LEVELS = [NoiseLevel(0, 900.0, 0.1, 0.995), NoiseLevel(1, 10.0, 0.99, 0.1)]
SHAPE = (3, 8, 8)
NETWORK = TinyPredictor()


@attrs.frozen(eq=False)
class Wrapper(Denoiser):
    """Hands through, and forgets to check."""

    inner: object

    def estimate(self, x, level):
        return (yield from self.inner.estimate(x, level))


@attrs.frozen(eq=False)
class ByHand(Denoiser):
    """Weights of one's own, outside a mix: nothing to look into."""

    positive: Denoiser
    negative: Denoiser
    weights: tuple[float, float]

    def estimate(self, x, level):
        both = yield from together([self.positive.estimate(x, level), self.negative.estimate(x, level)])
        return Estimate(sum(w * one.clean for w, one in zip(self.weights, both, strict=True)))


def told(prompt):
    return prompted(NETWORK, prompt)


BAD = Mix((Term(told("a"), 5.0), Term(told("b"), -1.0)), name="guidance")


@pytest.mark.parametrize("tree", [Wrapper(BAD), Wrapper(Wrapper(BAD)), Mix((Term(Wrapper(BAD)),))])
def test_what_is_wrapped_is_checked(tree):
    with pytest.raises(LawError, match=r"guidance is not lawful: .* weights must sum to 1 \(here 5 \+ -1\)"):
        tree.check(SHAPE)


def test_denoisers_are_found_wherever_they_are_kept():
    class Plain(Denoiser):
        """No attrs class."""

        def __init__(self):
            self.one, self.many, self.named = told("a"), [told("b"), (told("c"),)], {"d": Term(told("d"))}

        def estimate(self, x, level):
            raise NotImplementedError

    assert [part.condition.prompt for part in parts_of(Plain())] == ["a", "b", "d", "c"]


def test_weights_outside_a_mix_are_found_from_outside():
    lawful, bad = ByHand(told("a"), told("b"), (5.0, -4.0)), ByHand(told("a"), told("b"), (5.0, -1.0))
    bad.check(SHAPE)  # it finds nothing to look into
    check_law(lawful, SHAPE, LEVELS)
    with pytest.raises(LawError, match=r"ByHand is not lawful: .* something 3 times that away from it \(at t = 900\)"):
        check_law(bad, SHAPE, LEVELS)
    with pytest.raises(LawError, match="ByHand is not lawful"):
        sample(bad, make("scheduler", "ddim", steps=2), NETWORK)


@pytest.mark.parametrize("scale", [0.0, 7.5, 1e5])
def test_rounding_is_no_fault(scale):
    check_law(guided(told("a"), told("b"), scale), SHAPE, LEVELS)


def test_what_is_not_a_number_is_a_fault():
    with pytest.raises(LawError, match="something inf times that away"):
        check_law(ByHand(told("a"), told("b"), (float("nan"), 1.0)), SHAPE, LEVELS)


def test_what_is_known_beforehand_is_no_fault():
    check_law(Mix((Term(told("a"), 0.5), Term(Known(torch.zeros(SHAPE)), 0.5))), SHAPE, LEVELS)


@pytest.mark.parametrize("parameterization", ["epsilon", "v", "sample", "flow", "score"])
def test_networks_of_every_parameterization_are_probed(parameterization):
    network = TinyPredictor(parameterization=parameterization)
    both = prompted(network, "a"), prompted(network, "b")
    check_law(guided(*both, 3.0), SHAPE, LEVELS)
    with pytest.raises(LawError, match="something 3 times"):
        check_law(ByHand(*both, (5.0, -1.0)), SHAPE, LEVELS)
    assert network.blocks == [], "no network is asked"


@attrs.frozen(kw_only=True)
class Hand(Guidance):
    """Weights of one's own."""

    kind = "hand"
    weight: float = option(-4.0, doc="of the negative prompt")

    def denoiser(self, predictor, condition, negative):
        return ByHand(Prompted(predictor, condition), Prompted(predictor, negative), (5.0, self.weight))


@attrs.frozen(kw_only=True)
class Late(Hand):
    """Lawful at first, and not later."""

    kind = "late"

    def denoiser(self, predictor, condition, negative):
        bad = super().denoiser(predictor, condition, negative)
        return Switched(bad, guided(bad.positive, bad.negative, 5.0))


@attrs.frozen(eq=False)
class Switched(Denoiser):
    """One of two by the noise."""

    bad: Denoiser
    good: Denoiser

    def estimate(self, x, level):
        return (yield from (self.good if level.sigma > 0.5 else self.bad).estimate(x, level))


@attrs.frozen(kw_only=True)
class Wrong(Guidance):
    """Gives no denoiser."""

    kind = "wrong"

    def denoiser(self, predictor, condition, negative):
        return condition


@attrs.frozen(kw_only=True)
class Swirl(View):
    """Blurs a little, which keeps no length."""

    kind = "swirl"

    def apply(self, x):
        return (x + x.roll(1, -1)) / 2

    def invert(self, x):
        return x


REGISTRY = load_plugins()
KINDS = type(REGISTRY).of(
    *(REGISTRY.get(role, kind) for role, kind in [
        ("model", "glyphs"), ("scheduler", "ddim"), ("view", "identity"), ("view", "rotate"), ("guidance", "cfg"),
        ("decomposition", "hybrid"),
    ]),
    Hand, Late, Wrong, Swirl,
)  # fmt: skip
HEAD = 'model.kind = "glyphs"\nscheduler = {kind = "ddim", steps = 6}\n'
NESTED = """
[guidance]
kind = "cfg"
[[view]]
kind = "identity"
prompt = "A"
[[view]]
kind = "rotate"
[view.decomposition]
kind = "hybrid"
low = "B"
[view.decomposition.high]
prompt = "C"
guidance = {kind = "KIND", weight = WEIGHT}
"""


def refusal(text):
    with pytest.raises(RecipeError) as caught:
        inspect(loads(HEAD + text, name="recipe.toml", registry=KINDS))
    return str(caught.value)


def test_a_lawful_recipe_passes():
    for kind in ("hand", "late"):
        inspect(loads(HEAD + NESTED.replace("KIND", kind).replace("WEIGHT", "-4"), registry=KINDS))


@pytest.mark.parametrize("kind", ["hand", "late"])
def test_the_guidance_at_fault_is_told_with_its_line(kind):
    said = refusal(NESTED.replace("KIND", kind).replace("WEIGHT", "-1"))
    place = "recipe.toml:16:1: view.1.decomposition.high.guidance: guidance is not lawful: "
    assert said.startswith(place)
    assert "something 3 times that away" in said


def test_the_guidance_of_the_whole_recipe_is_told_with_its_line():
    said = refusal('prompt = "A"\n[guidance]\nkind = "hand"\nweight = -1\n')
    assert said.startswith("recipe.toml:4:1: guidance: guidance is not lawful: ")


def test_the_view_at_fault_is_told_with_its_line():
    said = refusal('[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "swirl"\nprompt = "B"\n')
    assert said.startswith("recipe.toml:6:1: view.1: views is not lawful: ")
    assert "view 'swirl' above all" in said


def test_a_guidance_that_gives_no_denoiser_is_told():
    with pytest.raises(PluginError, match=r"Wrong.denoiser, .* returns a superpose.Condition, and must"):
        inspect(loads(HEAD + 'prompt = "A"\nguidance.kind = "wrong"\n', registry=KINDS))


def test_the_figure_is_that_of_the_weights():
    tree = ByHand(told("a"), told("b"), (2.0, -0.75))
    assert departure(tree, SHAPE, LEVELS[0], _without_networks) == pytest.approx(0.25, abs=1e-5)
