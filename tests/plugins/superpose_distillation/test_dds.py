"""The delta denoising score: the recorded gradients and runs, and pairs that are equal."""

import attrs
import pytest
import torch
from PIL import Image

import superpose
from distilled import RUNS, Given, agree, agree_at_the_image, network, recorded, shown
from superpose import Canvas, RecipeError, make
from superpose.sampling.optimiser import Descent
from superpose.testing.predictors import TinyPredictor
from superpose_distillation.dds import Delta


@pytest.fixture
def picture(tmp_path):
    values = torch.randint(0, 256, (8, 8, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    Image.fromarray(values.numpy()).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def followed(run, latent, noise, scheduler):
    """The recorded run as a trajectory: the source is a latent, which no file of 8 bits holds."""
    predictor = network()
    denoiser = shown(predictor, run["target"], run["guidance_scale"])
    delta = Delta(scheduler, latent[0], predictor, (run["source"], run["target"]))
    bound = Descent(scheduler, delta, 4)
    plan = scheduler.plan(predictor.schedule)
    return superpose.Trajectory(denoiser, bound, plan, Given(noise), predictor=predictor)


def of(run, **options):
    # The files are not read: what is followed is given.
    weights = {"alpha_power": run["alpha_exp"], "sigma_power": run["sigma_exp"]}
    return make("scheduler", "dds", image="none.png", source=run["source"], **weights, **options)


def test_the_recorded_gradient():
    run, (given, want) = RUNS["dds"], recorded()
    trajectory = followed(run, want["dds/z"], given["dds/eps"], of(run, timesteps=run["timesteps"], rate=1.0))
    state = superpose.State(0, want["dds/z_target"], trajectory.scheduler.init())
    slope = want["dds/z_target"] - trajectory.step(state).x
    agree("dds/grad", slope, want["dds/grad"])
    agree_at_the_image("dds", network(), given["dds/image"], slope)


def test_the_recorded_run():
    run, (given, want) = RUNS["dds_sgd"], recorded()
    times = [time for [time] in run["timesteps_per_iteration"]]
    rate = 0.1 * run["loss_scale"] / 64  # the original's loss is divided by height and width
    trajectory = followed(run, want["dds_sgd/z"], given["dds_sgd/eps"], of(run, timesteps=times, rate=rate))
    state = trajectory.start()
    for reached in want["dds_sgd/trajectory"]:
        state = trajectory.step(state)
        agree("dds_sgd/trajectory", state.x, reached)


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_equal_pairs_stay_as_they_are(picture, guidance):
    predictor = TinyPredictor((3, 8, 8))
    scheduler = make("scheduler", "dds", image=picture, source="cat", prompt="cat", steps=20)
    run = superpose.trajectory(shown(predictor, "cat", guidance), scheduler, predictor, samples=2, batch_size=4)
    image = superpose.read_image(picture, (3, 8, 8))
    torch.testing.assert_close(run.run(), image.expand(2, 3, 8, 8), atol=1e-6, rtol=0)


def test_another_prompt_moves_the_image(picture):
    predictor = TinyPredictor((3, 8, 8))
    scheduler = make("scheduler", "dds", image=picture, source="dog", prompt="cat", steps=5)
    run = superpose.trajectory(superpose.prompted(predictor, "cat"), scheduler, predictor, samples=1)
    assert float((run.run() - superpose.read_image(picture, (3, 8, 8))).abs().max()) > 1e-3


@pytest.mark.parametrize("prompts", [(), ("cat", "dog")])
def test_it_edits_to_one_prompt(picture, prompts):
    canvas = attrs.evolve(Canvas.of(TinyPredictor((3, 8, 8))), prompts=prompts)
    with pytest.raises(RecipeError, match="dds edits to one prompt"):
        make("scheduler", "dds", image=picture, source="dog").bind(canvas)


def test_a_file_that_is_not_there(tmp_path):
    scheduler = make("scheduler", "dds", image=tmp_path / "b.png", source="dog")
    assert [it.option for it in scheduler.canvas_problems(Canvas((3, 8, 8)))] == [("image",)]
