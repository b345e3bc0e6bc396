"""Subjects that are given as images: the classic hybrid image, and what is painted around a known part."""

from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from PIL import Image

import superpose
from superpose import RecipeError, compose, dumps, inspect, loads, make, read_image
from superpose.media.sheet import readings
from superpose.running.given import given_pictures

RECIPES = Path(__file__).parents[3] / "recipes"
SHAPE = (3, 32, 32)
HEAD = 'model = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 3}\n'
HYBRID = HEAD + 'decomposition = {kind = "hybrid", low = {image = "a.png"}, high = {image = "b.png"}}'


@pytest.fixture
def images(tmp_path):
    """Two pictures of noise in a folder, as tensors."""
    for seed, name in enumerate("ab"):
        pixels = np.random.default_rng(seed).integers(64, 192, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return [read_image(tmp_path / f"{name}.png", SHAPE) for name in "ab"]


@pytest.fixture
def read(tmp_path):
    return lambda text, *sets: loads(text, folder=tmp_path, overrides=sets)


def sampled(recipe):
    return compose(recipe, "cpu").trajectory([0, 1]).run()


@pytest.mark.parametrize("scheduler", ["ddim", "ddpm", "dpmpp", "euler", "heun"])
def test_two_images_are_a_hybrid_and_no_network_is_asked(images, read, scheduler):
    recipe = attrs.evolve(read(HYBRID), scheduler=make("scheduler", scheduler, steps=3))
    found = inspect(recipe)
    assert (found.rows, found.total, found.networks) == (0, 0, 0)
    low, high = images
    part = make("decomposition", "hybrid").part("low")
    want = part(low[None]) + high[None] - part(high[None])
    assert torch.allclose(sampled(recipe), want.expand(2, *SHAPE), atol=2e-5)


@pytest.mark.parametrize("kind", ["colour", "haar", "dct", "laplacian"])
def test_parts_of_every_decomposition_may_be_given(images, read, kind):
    names = make("decomposition", kind).names
    shows = {name: "ab"[i % 2] for i, name in enumerate(names)}
    table = ", ".join(f'{name} = {{image = "{letter}.png"}}' for name, letter in shows.items())
    made = sampled(read(f'{HEAD}decomposition = {{kind = "{kind}", {table}}}'))
    parts = make("decomposition", kind)
    want = sum(parts.part(name)(images["ab".index(letter)][None]) for name, letter in shows.items())
    assert torch.allclose(made, want.expand(2, *SHAPE), atol=2e-5)


def test_the_recipe_is_the_sum_of_its_pictures(tmp_path):
    recipe = superpose.load(RECIPES / "hybrid-images.toml")
    path = superpose.run(recipe, tmp_path).images[0]
    house, umbrella = (
        read_image(RECIPES / "images" / f"{name}.png", (3, 64, 64))[None] for name in ("house", "umbrella")
    )
    low = make("decomposition", "hybrid", sigma=3.0).part("low")
    want = superpose.to_pixels(low(house) + umbrella - low(umbrella))[0]
    assert np.array_equal(np.asarray(Image.open(path)), want)


def test_around_a_given_part_is_painted_as_around_a_frozen_one(images, read, tmp_path):
    shows = 'decomposition = {kind = "colour", grey = {image = "a.png"}, colour = "colour R"}'
    frozen = f"""
        prompt = "colour R"
        {HEAD}
        [[constraint]]
        kind = "freeze"
        image = "a.png"
        decomposition = {{kind = "colour"}}
        part = "grey"
    """
    given = read(HEAD + shows)
    assert torch.allclose(sampled(given), sampled(read(frozen)), atol=1e-5)
    assert inspect(given).total == inspect(read(frozen)).total


def test_a_view_may_show_an_image(images, read):
    made = sampled(read(HEAD + 'view = [{kind = "identity", image = "a.png"}, {kind = "flip", image = "b.png"}]'))
    assert torch.allclose(made, ((images[0] + images[1].flip(-2)) / 2).expand(2, *SHAPE), atol=2e-5)


def test_a_latent_is_given_by_its_picture(tmp_path):
    text = 'model = {kind = "glyphs-ldm"}\nscheduler = {kind = "ddim", steps = 2}\nimage = "a.png"'
    shape = superpose.make("model", "glyphs-ldm").image_shape
    Image.fromarray(np.full((*shape[1:], shape[0]), 128, np.uint8)).save(tmp_path / "a.png")
    [stage] = compose(loads(text, folder=tmp_path), "cpu").stages
    picture = read_image(tmp_path / "a.png", shape)
    want = stage.predictor.encode(picture[None])
    assert torch.allclose(stage.denoiser(torch.zeros(1, *want.shape[1:]), stage.plan.asked(0)).clean, want)


def test_it_is_written_shown_and_named(images, read, tmp_path):
    recipe = read(HYBRID)
    assert loads(dumps(recipe)) == recipe
    assert [one.label for one in readings(recipe.subject)] == ["whole", "low: a", "high: b"]
    assert [one.label for one in given_pictures(recipe)] == ["low", "high"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('image = "small.png"', r"recipe:3:1: image: .*small.png: is 16x16 .* the model's images are 32x32"),
        ('image = "none.png"', "image: no such file"),
        ('image = "a.png"\nprompt = "A"', "give only one of prompt, image, view"),
        ('image = "a.png"\nnegative = "A"', "of an image that is given no network is asked: leave out negative"),
        (
            'view = [{kind = "flip", image = "a.png", guidance = {kind = "cfg"}}]',
            "leave out guidance, or give a prompt",
        ),
        (
            'image = "a.png"\n[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim", steps = 2}',
            "image: an image that is given has one size, and the stages have several: leave out",
        ),
    ],
)
def test_what_no_image_can_be_is_refused_where_it_stands(images, read, tmp_path, text, says):
    Image.new("RGB", (16, 16)).save(tmp_path / "small.png")
    with pytest.raises(RecipeError, match=says):
        inspect(read(HEAD + text))
