"""Rewards: how likely the weakest reading is."""

import attrs
import pytest
import torch

import superpose
from superpose import Context, Estimate, NoiseLevel, Transition
from superpose.media.sheet import readings
from superpose.recipe.subject import Subject, ViewTerm
from superpose.testing.predictors import TinyPredictor
from superpose_populations.best_of import BestOf
from superpose_populations.likelihood import Likelihood, clean, problems

READER = superpose.make("classifier", "glyphs-classifier")
MODEL = superpose.model("glyphs")


def test_the_weakest_reading_counts():
    turned = ViewTerm(view=superpose.make("view", "rotate", degrees=180), subject=Subject(prompt="V"))
    plain = ViewTerm(view=superpose.make("view", "identity"), subject=Subject(prompt="A"))
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    with torch.no_grad():
        both = Likelihood.of(READER, None, 3, Context.of(MODEL), readings(Subject(view=(plain, turned))))(x)
        logits = [READER.load().logits(seen, READER.schedule.level(0, 0)) for seen in (x, x.rot90(2, (2, 3)))]
    chance = [read.log_softmax(1)[:, READER.label(name)] for read, name in zip(logits, "AV", strict=True)]
    torch.testing.assert_close(both, torch.minimum(*chance))


def test_latents_are_decoded_before_they_are_read():
    class Latent(TinyPredictor):
        image_shape = (3, 32, 32)

        def decode(self, states):
            return states.repeat_interleave(4, 2).repeat_interleave(4, 3)

    network = Latent((3, 8, 8))
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        got = Likelihood.of(READER, "B", 2, Context.of(network), ())(x)
        want = Likelihood.of(READER, "B", 2, Context.of(MODEL), ())(network.decode(x))
    assert torch.equal(got, want)


def test_nothing_to_be_read_as_is_refused():
    population = attrs.evolve(BestOf(classifier=READER), size=2)
    with pytest.raises(superpose.RecipeError, match="nothing says what the image is to be read as: give label"):
        superpose.sample(
            superpose.prompted(MODEL, ""), superpose.make("scheduler", "ddim", steps=1), MODEL, population=population
        )


def test_images_of_another_size_are_refused():
    small = TinyPredictor((3, 8, 8))
    with pytest.raises(
        superpose.RecipeError, match=r"glyphs-classifier reads images of .* 'B' is shown by \(3, 8, 8\): use one"
    ):
        superpose.sample(
            superpose.prompted(small, ""),
            superpose.make("scheduler", "ddim", steps=1),
            small,
            population=BestOf(classifier=READER, label="B", size=2),
        )


ON_CANVAS = """
model = {kind = "glyphs"}
scheduler = {kind = "ddpm", steps = 2}
canvas = {size = [32, 48]}
population = {kind = "fk-steering", size = 2, every = 1, classifier = {kind = "glyphs-classifier"}}
"""


def test_windows_of_a_canvas_are_read_and_a_panorama_is_refused_before_weights_are():
    windows = "".join(f"[[view]]\nkind = 'window'\nleft = {16 * i}\nprompt = '{each}'\n" for i, each in enumerate("AB"))
    recipe = superpose.loads(ON_CANVAS + windows)
    superpose.inspect(recipe)
    [stage] = superpose.compose(recipe).stages
    assert stage.trajectory([0]).run().shape == (1, 3, 32, 48)
    wide = superpose.loads(ON_CANVAS + "view = [{kind = 'panorama', prompt = 'A'}]")
    with pytest.raises(superpose.RecipeError, match=r"'A' is shown by \(3, 32, 48\): use one of that size"):
        superpose.inspect(wide)


def test_the_clean_image_of_a_state_is_what_was_thought_of_it_and_in_the_end_itself():
    states = torch.full((2, 1, 1, 1), 3.0)
    here, there, end = NoiseLevel(0, 1.0, 0.6, 0.8), NoiseLevel(1, 0.0, 0.8, 0.6), NoiseLevel(1, 0.0, 0.5, 0.0)
    thought = Estimate(torch.ones(2, 1, 1, 1))
    assert clean(Transition(0, 2, here, there, states, states, thought)).flatten().tolist() == [1, 1]
    assert clean(Transition(1, 2, here, end, states, states, thought)).flatten().tolist() == [6, 6]


def test_other_swarms_change_no_bit():
    reward = Likelihood.of(READER, "B", 2, Context.of(MODEL), ())
    x = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(reward(x), torch.cat([reward(swarm) for swarm in x.split(2)]))


@pytest.mark.parametrize(
    ("label", "prompts", "says"),
    [
        (None, [], "label: the recipe has no prompt that a classifier could read the image as: write its class here"),
        ("??", ["A"], "label: "),
        (None, ["??"], "classifier: "),
    ],
)
def test_what_can_not_be_read_is_told_at_its_option(label, prompts, says):
    (problem,) = problems(READER, label, superpose.make("model", "glyphs"), prompts)
    assert f"{problem.option[0]}: {problem}".startswith(says)
