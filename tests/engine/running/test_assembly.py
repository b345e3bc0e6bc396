"""One assembly for recipes, for Python and for what is only inspected: the same images, the same refusals."""

import attrs
import pytest
import torch

import superpose
from superpose import (
    Clipped,
    Constraint,
    NoClip,
    RecipeError,
    Rule,
    StaticClip,
    compose,
    inspect,
    loads,
    make,
    option,
    prompted,
)
from superpose.plugins import Registry, load_plugins
from superpose.running.assembly import assemble
from superpose.sampling.fitting import MisfitError
from superpose.testing.predictors import TinyPredictor

pytestmark = pytest.mark.usefixtures("small")

TEXT = """
prompt = "cat"
[model]
kind = "small-first"
[scheduler]
kind = "ddpm"
steps = 3
[clip]
kind = "static"
range = 0.5
[run]
seed = 7
batch_size = 4
"""


@attrs.frozen(kw_only=True)
class Wishing(Constraint, Rule):
    """Starts somewhere, or wishes for a plan that can't be."""

    kind = "wishing"
    wish: bool = option(False, doc="whether it wishes")

    def bind(self, canvas):
        return self

    def plan(self, plan):
        if self.wish:
            raise RecipeError("there is no such plan")
        return plan

    def start(self, x, plan, noise):
        return superpose.Edit(x)


def sampled(**options):
    network = TinyPredictor((3, 8, 8))
    return assemble(prompted(network, "cat"), make("scheduler", "ddim", steps=2), network, **options)


def test_a_recipe_and_python_make_the_same_images():
    [stage] = compose(loads(TEXT)).stages
    network = make("model", "small-first").load()
    options = {"clip": StaticClip(range=0.5), "batch_size": 4, "seed": 7, "samples": (0, 3)}
    want = superpose.sample(prompted(network, "cat"), make("scheduler", "ddpm", steps=3), network, **options)
    assert torch.equal(stage.trajectory((0, 3)).run(), want)


@pytest.mark.parametrize("change", ["seed", "number"])
def test_a_seed_and_a_stage_have_noise_of_their_own(change):
    plain, other = sampled(), sampled(**{change: 1})
    assert not torch.equal(plain.trajectory((0,)).run(), other.trajectory((0,)).run())


def test_it_is_clipped_once_and_not_where_nothing_clips():
    assert isinstance(sampled(clip=StaticClip()).denoiser, Clipped)
    assert not isinstance(sampled(clip=NoClip()).denoiser, Clipped)
    network = TinyPredictor((3, 8, 8))
    network.clip = StaticClip(range=2.0)
    stage = assemble(prompted(network, "cat"), make("scheduler", "ddim"), network)
    assert stage.denoiser.clip == StaticClip(range=2.0)


def test_what_can_not_hold_is_told_by_its_place():
    wishes = [Wishing(), Wishing(wish=True)]
    with pytest.raises(MisfitError, match="there is no such plan") as caught:
        sampled(constraints=wishes[1:])
    assert list(caught.value.found) == [0]
    with pytest.raises(MisfitError, match="would undo the one that constraint 0") as caught:
        sampled(constraints=[Wishing(), *wishes])
    assert list(caught.value.found) == [1, 2]
    every = [cls for role in load_plugins().roles for cls in load_plugins().kinds(role).values()]
    text = TEXT + '[[constraint]]\nkind = "wishing"\nwish = true\n'
    with pytest.raises(RecipeError, match=r"r\.toml:\d+:1: constraint\.0: there is no such plan"):
        inspect(loads(text, name="r.toml", registry=Registry.of(*every, Wishing)))
