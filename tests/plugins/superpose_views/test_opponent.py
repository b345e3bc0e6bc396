"""Light and dark change places with two opponent colours."""

from pathlib import Path

import pytest
import torch

import superpose
from problems import told
from superpose import make
from superpose.estimate.conditioning import ChannelGroup, misfit

RECIPE = Path(__file__).parents[3] / "recipes" / "colour.toml"

AXES = {"red-green": (1.0, -1.0, 0.0), "yellow-blue": (1.0, 1.0, -2.0)}


def plain(*colour: float) -> torch.Tensor:
    """An image of one colour, whose length as a vector of three is that of white."""
    chosen = torch.tensor(colour, dtype=torch.float64)
    return (chosen * 3**0.5 / chosen.norm()).view(1, 3, 1, 1).expand(1, 3, 2, 2)


@pytest.mark.parametrize(("axis", "colour"), AXES.items())
def test_white_becomes_the_colour_and_the_colour_white(axis, colour):
    view, white, shown = make("view", "opponent", axis=axis), plain(1, 1, 1), plain(*colour)
    assert torch.allclose(view.apply(white), shown)
    assert torch.allclose(view.apply(-white), -shown)
    assert torch.allclose(view.apply(shown), white)


def test_what_is_drawn_in_black_on_white_has_no_grey():
    drawing = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0)).expand(2, 3, 4, 4) * 2 - 1
    for axis in AXES:
        assert make("view", "opponent", axis=axis).apply(drawing).mean(1).abs().max() < 1e-6


def test_it_changes_values_and_moves_no_place():
    view, shape = make("view", "opponent"), (3, 4, 4)
    assert torch.equal(view.apply_to_variance(numbers := torch.arange(48.0).view(1, *shape)), numbers)
    mask, marked = (ChannelGroup(channels, like) for channels, like in ((1, "mask"), (3, "marked")))
    assert misfit(view, shape, [mask]) is None
    told = misfit(view, shape, [marked])
    assert "would change that colour: use a view that moves values, such as " in told
    assert " flip " in told
    assert "negate" not in told


def test_grey_images_are_refused_with_the_cure():
    says = "opponent mixes three channels, red, green and blue, not 1: use a model of colour images, or negate"
    assert told(make("view", "opponent"), (1, 8, 8)) == says


def test_a_letter_in_grey_and_another_in_its_colours_are_both_read():
    recipe = superpose.load(str(RECIPE), ["run.samples=4", "scheduler.steps=10"])
    images = superpose.compose(recipe).trajectory(range(4)).run().clamp(-1, 1)
    grey = images.mean(1, keepdim=True).expand_as(images)
    classifier = make("classifier", "glyphs-classifier")
    for seen, letter in ((grey, "N"), (make("view", "opponent").apply(images - grey), "Ss")):
        read = classifier.load().logits(seen.contiguous(), classifier.schedule.level(0, 0)).argmax(1).tolist()
        assert sum(classifier.names[one] in letter for one in read) >= 3
