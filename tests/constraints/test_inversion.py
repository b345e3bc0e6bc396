"""Starting from the noise that an image hides."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import Canvas, RecipeError, invert, make, prompted, read_image, trajectory
from superpose.testing import check_constraint
from superpose.testing.gaussian import GaussianImages
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.inversion import HiddenNoise, between

SHAPE = (3, 8, 8)


@pytest.fixture
def images(tmp_path):
    random = np.random.default_rng(0)
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path in paths:
        smooth = np.kron(random.integers(40, 215, (2, 2, 3)), np.ones((4, 4, 1))).astype(np.uint8)
        Image.fromarray(smooth).save(path)
    return paths


def a_run(network, steps=50, samples=2, prompt="cat", **options):
    constraint = make("constraint", "inversion", **options)
    scheduler = make("scheduler", "ddim", steps=steps)
    return trajectory(prompted(network, prompt), scheduler, network, constraints=[constraint], samples=samples)


def test_the_image_comes_back(images):
    network = GaussianImages(SHAPE)
    image = read_image(images[0], SHAPE)
    off = [
        float((a_run(network, steps, image=images[0], to_noise=False).run() - image).abs().max()) for steps in (20, 200)
    ]
    assert off[1] < off[0] / 3, f"{off} off in 20 and 200 steps"
    assert off[1] < 0.1


def test_it_starts_from_what_invert_finds(images):
    network = TinyPredictor(SHAPE)
    run = a_run(network, image=images[0], prompt="dog")
    state = run.start()
    wanted = invert(run.denoiser, read_image(images[0], SHAPE)[None], run.plan)
    assert torch.equal(state.x, wanted.expand(2, *SHAPE))
    told = a_run(network, image=images[0]).start().x
    assert not torch.equal(told, state.x)


def test_a_prompt_of_its_own_explains_the_image(images):
    network = TinyPredictor(SHAPE)
    run = trajectory(
        prompted(network, "dog"), make("scheduler", "ddim", steps=10), network,
        constraints=[make("constraint", "inversion", image=images[0], prompt="cat")],
    )  # fmt: skip
    told = prompted(network, "cat")
    assert torch.equal(run.start().x, invert(told, read_image(images[0], SHAPE)[None], run.plan))


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_two_images_are_mixed_on_the_sphere(images, mix):
    network = TinyPredictor(SHAPE)
    a, b = (a_run(network, image=path).start().x[:1] for path in images)
    x = a_run(network, image=images[0], other=images[1], mix=mix).start().x[:1]
    assert torch.equal(x, between(a, b, mix))
    if mix in (0, 1):
        assert torch.equal(x, b if mix else a)


def test_the_arc():
    a, b = torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0])
    third = between(a, b, 1 / 3)
    torch.testing.assert_close(third, torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6), 0]))
    assert torch.equal(between(a, a, 0.5), a)


def test_it_obeys_the_laws_of_constraints(images):
    network = TinyPredictor(SHAPE)
    canvas = Canvas(SHAPE, predictor=network, denoiser=prompted(network, "cat"))
    check_constraint(make("constraint", "inversion", image=images[0]), canvas)
    check_constraint(make("constraint", "inversion", image=images[0], other=images[1], other_prompt="dog"), canvas)


def test_refusals(images):
    network = TinyPredictor(SHAPE)
    with pytest.raises(RecipeError, match="other_prompt says what the image other shows"):
        make("constraint", "inversion", image=images[0], other_prompt="dog")
    with pytest.raises(RecipeError, match="inversion needs a deterministic scheduler"):
        trajectory(
            prompted(network, "cat"), make("scheduler", "ddpm", steps=10), network,
            constraints=[make("constraint", "inversion", image=images[0])],
        )  # fmt: skip
    with pytest.raises(RecipeError, match="is 8x8"):
        make("constraint", "inversion", image=images[0]).check(Canvas((3, 4, 4)))
    unbound = make("constraint", "inversion", image=images[0]).bind(Canvas(SHAPE))
    assert isinstance(unbound, HiddenNoise)
    plan = make("scheduler", "ddim", steps=3).plan(network.schedule)
    with pytest.raises(RecipeError, match="bind it to a canvas that has the predictor"):
        unbound.start(torch.zeros(1, *SHAPE), plan, lambda purpose="step": torch.zeros(1, *SHAPE))
