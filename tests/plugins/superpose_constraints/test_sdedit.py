"""SDEdit: starting late, from an image."""

import numpy as np
import pytest
import torch
from PIL import Image

from recorded_posteriors import Case, port
from superpose import (
    Canvas,
    NoiseLevel,
    Plan,
    RecipeError,
    Rule,
    Trajectory,
    make,
    prompted,
    refuse,
    to_pixels,
    trajectory,
)
from superpose.testing import check_constraint
from superpose.testing.gaussian import BatchNoise, GaussianImages, distance
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.inpaint import Replacement
from superpose_constraints.sdedit import Kept, Start

SHAPE = (3, 8, 8)
IMAGE = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) * 2 - 1


def a_run(scheduler="ddim", *constraints, steps=20, samples=2, network=None):
    network = network or GaussianImages(SHAPE)
    return trajectory(
        prompted(network, "cat"),
        make("scheduler", scheduler, steps=steps),
        network,
        samples=samples,
        constraints=constraints,
    )


@pytest.mark.parametrize(
    ("strength", "steps", "made"),
    [(1.0, 20, 20), (0.5, 20, 10), (0.26, 20, 5), (0.01, 20, 1), (0.001, 3, 1), (1.0, 1, 1)],
)
def test_it_makes_its_share_of_the_steps(strength, steps, made):
    plan = make("scheduler", "ddim", steps=steps).plan(GaussianImages().schedule)
    late = Start(image=IMAGE, strength=strength).plan(plan)
    assert late.steps == made
    assert [level.index for level in late.levels] == list(range(made + 1))
    assert [level[1:] for level in late.levels] == [level[1:] for level in plan.levels[-made - 1 :]]


def test_a_little_strength_gives_nearly_the_image():
    images = a_run("ddim", Start(image=IMAGE, strength=0.001), steps=500).run()
    off = float((images - IMAGE).abs().max())
    assert off < 0.06, f"{off} off after the very last step of 500"


def test_more_strength_goes_further_from_the_image():
    far = [
        float((a_run("ddim", Start(image=IMAGE, strength=strength)).run() - IMAGE).square().mean())
        for strength in (0.1, 0.3, 0.6, 1.0)
    ]
    assert far == sorted(far), f"distances {far}"
    assert far[0] < far[-1] / 4


def test_at_full_strength_every_step_is_made_from_the_top():
    full, plain = a_run("ddpm", Start(image=IMAGE, strength=1.0)), a_run("ddpm")
    assert full.plan == plain.plan
    state, top = full.start(), full.plan.levels[0]
    noise = (state.x - top.alpha * IMAGE) / top.sigma
    assert abs(float(noise.std()) - 1) < 5 / (2 * noise.numel()) ** 0.5
    assert abs(float(noise.mean())) < 5 / noise.numel() ** 0.5


def test_it_starts_at_exactly_its_level():
    """The start is the image scaled by alpha, with noise of deviation sigma, at the level where the plan begins."""
    late = a_run("ddim", Start(image=torch.full((1, 32, 32), 0.5), strength=0.4), network=GaussianImages((1, 32, 32)))
    x, top = late.start().x, late.plan.levels[0]
    assert abs(float(x.mean()) - 0.5 * top.alpha) < 5 * top.sigma / x.numel() ** 0.5
    assert abs(float(x.std()) / top.sigma - 1) < 5 / (2 * x.numel()) ** 0.5


def test_full_strength_samples_the_model():
    """From the noisiest level, what is left of the image is nothing: samples have the model's own moments."""
    network, scheduler = GaussianImages((1, 3, 3)), make("scheduler", "ddpm", steps=100)
    rule = Start(image=torch.ones(1, 3, 3), strength=1.0)
    plan = rule.plan(scheduler.plan(network.schedule))
    full = Trajectory(prompted(network, ""), scheduler, plan, BatchNoise((2000, 1, 3, 3)), [rule]).run()
    off = distance(full.flatten(1), network.mean, network.covariance)
    assert off < 0.1, f"{off} of the model's spread away"


def test_samples_start_from_one_image_with_noise_of_their_own():
    images = a_run("ddim", Start(image=IMAGE, strength=0.5), samples=3).run()
    assert not torch.allclose(images[0], images[1], atol=1e-3)
    alone = a_run("ddim", Start(image=IMAGE, strength=0.5), samples=(2,)).run()
    torch.testing.assert_close(alone[0], images[2], atol=1e-5, rtol=1e-5)


def test_it_goes_with_inpainting_in_either_order():
    keep = torch.zeros(1, 8, 8)
    keep[:, :4] = 1
    for constraints in (
        (Start(image=IMAGE, strength=0.5), Replacement(known=IMAGE, keep=keep, repeats=2)),
        (Replacement(known=IMAGE, keep=keep, repeats=2), Start(image=IMAGE, strength=0.5)),
    ):
        images = a_run("ddim", *constraints, network=TinyPredictor(SHAPE)).run()
        assert torch.equal(images * keep, (IMAGE * keep).expand_as(images))


def test_it_obeys_the_laws_of_constraints(tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    for strength in (0.1, 0.6, 1.0):
        check_constraint(make("constraint", "sdedit", image=path, strength=strength), Canvas(SHAPE))


@pytest.mark.parametrize("strength", [0.0, -1.0, 1.5, float("nan")])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(RecipeError, match=r"must be (more than 0|at most 1), got"):
        make("constraint", "sdedit", image="a.png", strength=strength)
    with pytest.raises(ValueError, match="strength"):
        Start(image=IMAGE, strength=strength)


def test_a_file_of_another_size_is_refused(tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(np.zeros((8, 4, 3), np.uint8)).save(path)
    with pytest.raises(RecipeError, match=r"image\.png: is 8x4 \(height x width\), and the model's images are 8x8"):
        refuse(make("constraint", "sdedit", image=path).problems(Canvas(SHAPE)))


def test_a_plan_of_one_level_more_than_none_is_left():
    plan = Plan.of([NoiseLevel(0, 10, 0.9, 0.4), NoiseLevel(1, -1, 1.0, 0.0)])
    assert Start(image=IMAGE, strength=0.01).plan(plan) == plan


CASE = Case("sd_a_sdedit")


class Recorded:
    """The program's draws: one for the start, then one a step."""

    def draw(self, step, purpose="step", law="normal"):
        return CASE.given["draws"][step + 1]


def test_it_is_the_recorded_program():
    """Thirty of a thousand steps; in its units images are in [0, 1]."""
    scheduler, denoiser = make("scheduler", "ddpm", steps=1000), port()
    rule = Start(image=CASE.given["image"] * 2 - 1, strength=CASE.runs["t30"]["t"] / 1000)
    plan = rule.plan(scheduler.plan(denoiser.predictor.schedule))
    made = Trajectory(denoiser, scheduler, plan, Recorded(), [rule])
    state = made.start()
    CASE.agree("t30/initial_x", state.x)
    CASE.agree("t30/after_first_step", made.step(state).x)
    CASE.agree("t30/sample", made.run())


class RecordedTurns(Recorded):
    """The same where it is painted over twice: the second start, which is a climb here, has a draw as well."""

    def draw(self, step, purpose="step", law="normal"):
        return super().draw(20 if purpose.endswith("turn 1") else step)


class Late(Rule):
    """What is kept as the program has it: with the noise of the level before the step."""

    kind = "sdedit"

    def __init__(self, rule, plan):
        self.rule, self.levels = rule, plan.levels

    def start(self, x, plan, noise):
        return self.rule.start(x, plan, noise)

    def after(self, x, there, noise):
        here = self.levels[there.index - 1]
        late = there if here.sigma < there.sigma else here._replace(index=there.index)
        return self.rule.after(x, late, noise)


def a_masked_run(late):
    scheduler, denoiser, image = make("scheduler", "ddpm", steps=1000), port(), CASE.given["image"] * 2 - 1
    start = Start(image=image, strength=20 / 1000, repeats=2)
    rule = Kept(start=start, keep=CASE.given["mask"] == 1)
    plan = rule.plan(scheduler.plan(denoiser.predictor.schedule))
    rule = rule.along(plan)
    return rule, Trajectory(denoiser, scheduler, plan, RecordedTurns(), [Late(rule, plan) if late else rule])


def test_with_a_mask_it_is_the_recorded_program_but_for_a_level():
    """The program puts what is kept in with the noise of the level before: that is the whole difference."""
    rule, made = a_masked_run(late=True)
    state = made.start()
    CASE.agree("t20_mask_K2/initial_x", state.x)
    CASE.agree("t20_mask_K2/after_first_step", made.step(state).x)
    while state.step < made.steps:
        state = made.step(state)
    CASE.agree("t20_mask_K2/sample", state.x)
    CASE.agree("t20_mask_K2/x0_updated", rule.finish(state.x))


def test_what_is_kept_has_one_noise_all_the_way_down_and_is_the_image_at_the_end():
    rule, made = a_masked_run(late=False)
    image, draws, state = rule.picture, CASE.given["draws"], made.start()
    while state.step < made.steps:
        state = made.step(state)
        at = made.plan.levels[state.step]
        own = image * at.alpha + draws[21 if state.step > 20 else 0] * at.sigma
        off = ((state.x - own).abs() * rule.keep).max()
        assert off < 1e-6, f"{off} off at level {state.step}"
    assert torch.equal(made.finish(state)[0][rule.keep], image[rule.keep])


def test_a_mask_in_a_file_keeps_its_black(tmp_path):
    rng = np.random.default_rng(0)
    pixels, mask = rng.integers(0, 256, (8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)
    mask[:, 3:] = 255
    Image.fromarray(pixels).save(tmp_path / "image.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    kind = make("constraint", "sdedit", image=tmp_path / "image.png", mask=tmp_path / "mask.png", repeats=2)
    check_constraint(kind, Canvas(SHAPE))
    images = a_run("ddim", kind.bind(Canvas(SHAPE)), network=TinyPredictor(SHAPE)).run()
    kept = (to_pixels(images) == pixels).all(-1)
    assert kept[:, :, :3].all()
    assert not kept[:, :, 3:].all()
    Image.fromarray(mask // 2 + 60).save(tmp_path / "mask.png")
    with pytest.raises(RecipeError, match=r"mask\.png: .* are grey, and here a mask is black or white"):
        refuse(kind.problems(Canvas(SHAPE)))


def test_repeats_paint_over_what_came_out_before():
    scheduler, network = make("scheduler", "ddim", steps=10), GaussianImages(SHAPE)
    rule = Start(image=IMAGE, strength=0.3, repeats=3)
    twice = Trajectory(prompted(network, ""), scheduler, rule.plan(scheduler.plan(network.schedule)), DRAWS, [rule])
    assert [level.index for level in twice.plan.levels] == list(range(12))
    assert [twice.plan.climbs(step) for step in range(11)] == [False, False, False, True] * 2 + [False] * 3
    state = twice.start()
    for _ in range(3):
        state = twice.step(state)
    first, top = state.x, twice.plan.levels[4]
    again = twice.step(state)
    torch.testing.assert_close(again.x, first * top.alpha + DRAWS.draw(3, "climb") * top.sigma)
    assert not torch.allclose(twice.run(state=again), first, atol=0.05)


def test_each_repeat_travels_as_the_first_does():
    """Beside a rule that climbs on its way, a repeat is the same way once more."""
    plan = make("scheduler", "ddim", steps=6).plan(GaussianImages().schedule)
    inpaint = Replacement(known=IMAGE, keep=torch.ones(1, 8, 8), jump=2, repeats=2)
    once = inpaint.plan(Start(image=IMAGE, strength=1.0).plan(plan))
    again = inpaint.plan(Start(image=IMAGE, strength=1.0, repeats=2).plan(plan))
    assert once.steps > plan.steps
    assert [level[1:] for level in again.levels] == [level[1:] for level in once.levels] * 2


DRAWS = BatchNoise((2, *SHAPE))
