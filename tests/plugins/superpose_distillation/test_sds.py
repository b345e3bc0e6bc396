"""Score distillation sampling: the recorded gradients, its fixed point, and an image to start from."""

import pytest
import torch

import superpose
from distilled import RUNS, Given, agree, agree_at_the_image, network, recorded, shown
from superpose import Canvas, RecipeError, make, trajectory
from superpose.testing.predictors import GaussianPredictor, TinyPredictor


@pytest.mark.parametrize("name", ["sds", "sds_w1", "sds_v"])
def test_the_recorded_gradients(name):
    run, (given, want) = RUNS[name], recorded()
    predictor = network()
    if run.get("prediction_type"):
        predictor.parameterization = "v"
    latents = torch.cat([predictor.encode(image[None]) for image in given[f"{name}/image"]])
    agree(f"{name}/z", latents, want[f"{name}/z"])
    slopes = []
    for row, time in enumerate(run["timesteps"]):  # the original asks samples at levels of their own
        mine = slice(row, row + 1)
        scheduler = make(
            "scheduler", "sds", timesteps=[time], alpha_power=run["alpha_exp"], sigma_power=run["sigma_exp"], rate=1.0
        )
        denoiser = shown(predictor, run["target"], run["guidance_scale"])
        gone = trajectory(denoiser, scheduler, predictor, samples=1)
        asked = gone.scheduler.wrap(denoiser)
        seen = []

        def asks(x, level, asked=asked, seen=seen):
            seen.append(superpose.evaluate(asked, x, level))
            return seen[-1]

        moved, _ = gone.scheduler.step(
            asks,
            latents[mine],
            *gone.plan.levels,
            gone.scheduler.init(),
            lambda row=mine: given[f"{name}/eps"][0, row],
            jumped=False,
        )
        slopes.append(latents[mine] - moved)
        agree(f"{name}/grad", slopes[-1], want[f"{name}/grad"][mine])
        [estimate] = seen
        agree(f"{name}/x0", estimate.clean, want[f"{name}/x0"][mine])
    agree_at_the_image(name, predictor, given[f"{name}/image"], torch.cat(slopes))


@pytest.mark.parametrize("visits", ["falling", "scattered"])
@pytest.mark.parametrize("method", ["sgd", "adam"])
def test_the_fixed_point_is_the_mean(visits, method):
    predictor, rate = GaussianPredictor((1, 4, 4), means={"cat": 0.4}), {"sgd": 0.5, "adam": 0.05}[method]
    scheduler = make("scheduler", "sds", steps=300, visits=visits, method=method, rate=rate, spread=1.0, lowest=0.3)
    images = trajectory(superpose.prompted(predictor, "cat"), scheduler, predictor, samples=3).run()
    # Noise that is drawn at every step leaves the image a little off: on the mean over values it averages out.
    assert abs(float(images.mean()) - 0.4) < 0.05, "score distillation of a Gaussian ends at its mean"
    assert float(images.std()) < 0.2 < predictor.std, "it seeks the mode, and does not sample"


def test_a_step_is_the_formula():
    predictor = TinyPredictor((3, 8, 8))
    scheduler = make("scheduler", "sds", timesteps=[400], rate=0.7, alpha_power=1.0, sigma_power=0.5)
    noise = torch.randn(1, 2, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    run = superpose.trajectory(superpose.prompted(predictor, "cat"), scheduler, predictor, samples=2)
    run = type(run)(run.denoiser, run.scheduler, run.plan, Given(noise), predictor=predictor)
    begun = run.start()
    assert torch.equal(begun.x, 0.1 * noise[0])
    level = predictor.schedule.level(0, 400)
    state = level.alpha * begun.x + level.sigma * noise[0]
    clean = superpose.evaluate(run.denoiser, state, level).clean
    guess = (state - level.alpha * clean) / level.sigma
    want = begun.x - 0.7 * level.alpha * level.sigma**0.5 * (guess - noise[0])
    torch.testing.assert_close(run.step(begun).x, want)
    assert torch.equal(run.step(begun).clean, run.step(begun).x), "what is seen of an optimised image is the image"


def test_it_starts_from_an_image(tmp_path):
    predictor = TinyPredictor((3, 8, 8))
    picture = torch.randint(0, 256, (8, 8, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    from PIL import Image

    Image.fromarray(picture.numpy()).save(tmp_path / "a.png")
    run = trajectory(
        superpose.prompted(predictor, "cat"), make("scheduler", "sds", image=tmp_path / "a.png"), predictor, samples=2
    )
    want = superpose.read_image(tmp_path / "a.png", (3, 8, 8))
    assert torch.equal(run.start().x, want.expand(2, 3, 8, 8))
    [problem] = make("scheduler", "sds", image=tmp_path / "b.png").canvas_problems(Canvas((3, 8, 8)))
    assert problem.option == ("image",)


def test_levels_without_noise_are_refused():
    with pytest.raises(RecipeError, match=r"no noise at time 0: .* raise lowest"):
        make("scheduler", "sds", timesteps=[0.0]).plan(superpose.FlowSchedule())
    with pytest.raises(RecipeError, match="timesteps: time 1200 is outside"):
        make("scheduler", "sds", timesteps=[1200]).plan(TinyPredictor((3, 8, 8)).schedule)
