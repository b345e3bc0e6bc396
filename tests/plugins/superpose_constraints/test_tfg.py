"""TFG: its settings are the methods that they are named after."""

import attrs
import numpy as np
import pytest
import torch
from PIL import Image

from superpose import BoundLoss, Canvas, RecipeError, Trajectory, VESchedule, evaluate, make, prompted, trajectory
from superpose.testing import check_constraint
from superpose.testing.gaussian import BatchNoise, GaussianImages
from superpose_constraints.dps import Slope
from superpose_constraints.tfg import PRESETS, Settings, Towards
from superpose_losses.distance import Far

SHAPE = (1, 4, 4)
OPERATOR = make("operator", "block-average", factor=2).bound_to(SHAPE)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


SEEN = normal(1, *OPERATOR.observed_shape)


class Square(BoundLoss):
    """Half the square of the distance from what is wanted."""

    wanted = normal(1, *SHAPE, seed=3)

    def of(self, x):
        return (x - self.wanted).square().sum((1, 2, 3)) / 2


def trajectory_of(rule, schedule=None, steps=6):
    network = GaussianImages(SHAPE, schedule=schedule)
    scheduler = make("scheduler", "ddpm", steps=steps) if schedule is None else make("scheduler", "euler", steps=steps)
    plan = rule.plan(scheduler.plan(network.schedule))
    return Trajectory(prompted(network, ""), scheduler, plan, BatchNoise((2, *SHAPE)), [rule])


def shift_of(rule, index=2, network=None):
    """What a step's result is moved by, the state, what the network says of it, and the levels of the step."""
    network = network or GaussianImages(SHAPE)
    plan = rule.plan(make("scheduler", "ddpm", steps=6).plan(network.schedule))
    rule, level, x = rule.along(plan), plan.asked(index), normal(2, *SHAPE, seed=5)
    with torch.no_grad():
        got = evaluate(rule.wrap(prompted(network, "")), x, level)
    return got.displacement, x, got.clean, level, plan.levels[index + 1]


def test_dps_is_dps_where_signals_are_kept_whole():
    far = Towards(loss=Far(SEEN, OPERATOR), settings=PRESETS["dps"])
    slope = Slope(operator=OPERATOR, observed=SEEN, scale=1.0)
    schedule = VESchedule(sigma_min=0.02, sigma_max=10.0)
    assert torch.equal(trajectory_of(far, schedule).run(), trajectory_of(slope, schedule).run())


def test_elsewhere_dps_is_dps_by_the_signal_of_the_step():
    """TFG moves what is reached by the gradient over alpha_t / alpha_s; DPS by the gradient itself."""
    theirs, *_, level, there = shift_of(Slope(operator=OPERATOR, observed=SEEN, scale=1.0))
    ours = shift_of(Towards(loss=Far(SEEN, OPERATOR), settings=PRESETS["dps"]))[0]
    assert there.alpha / level.alpha > 1.2
    torch.testing.assert_close(ours, theirs * (there.alpha / level.alpha))


def test_mpgd_moves_the_clean_image_in_closed_form():
    """Along the slope of half a square n steps go the share 1 - (1 - mu)^n of the way."""
    shift, _, clean, _, there = shift_of(Towards(loss=Square(), settings=Settings(direct=0.3, iterations=4)))
    torch.testing.assert_close(shift, there.alpha * (1 - 0.7**4) * (Square.wanted - clean))


class Watched(GaussianImages):
    """Remembers whether gradients were on when it was asked."""

    def predict(self, x, level, conditioning):
        self.gradients = torch.is_grad_enabled()
        return super().predict(x, level, conditioning)


@pytest.mark.parametrize("preset", PRESETS)
def test_only_a_scale_takes_gradients_through_the_network(preset):
    network = Watched(SHAPE)
    shift_of(Towards(loss=Square(), settings=PRESETS[preset]), network=network)
    assert network.gradients == (PRESETS[preset].scale > 0) == (preset != "mpgd")


class Sealed(GaussianImages):
    """Torch can't differentiate what it says."""

    differentiable = False

    @torch.inference_mode()
    def predict(self, x, level, conditioning):
        return super().predict(x, level, conditioning)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_network_without_gradients_is_led_by_the_clean_image_alone(preset):
    def run_of(network):
        rule = Towards(loss=Square(), settings=PRESETS[preset])
        return trajectory(prompted(network, ""), make("scheduler", "ddpm", steps=4), network, constraints=[rule]).run()

    if preset == "mpgd":
        assert torch.equal(run_of(Sealed(SHAPE)), run_of(GaussianImages(SHAPE)))
        return
    with pytest.raises(RecipeError, match="tfg needs a network that torch can differentiate"):
        run_of(Sealed(SHAPE))


def test_both_gradients_are_added():
    both, through, direct = (
        shift_of(Towards(loss=Square(), settings=Settings(scale=scale, direct=mu, iterations=2)))[0]
        for scale, mu in ((0.4, 0.2), (0.4, 0.0), (0.0, 0.2))
    )
    torch.testing.assert_close(both, through + direct)


def test_smoothing_takes_the_mean_of_likelihoods():
    """Each draw counts by how likely it makes the image: here of one step by the clean image itself."""
    rule = Towards(loss=Square(), settings=Settings(direct=0.2, smooth=0.5, draws=3))
    shift, _, clean, level, there = shift_of(rule)
    from superpose import Noise

    draws = torch.stack([Noise(0, (0,), SHAPE).draw(level.index, f"tfg {i}") for i in range(3)]) * 0.5 * level.sigma
    off = clean + draws - Square.wanted
    share = (-off.square().sum((2, 3, 4)) / 2).softmax(0).view(3, 2, 1, 1, 1)
    torch.testing.assert_close(shift, -0.2 * there.alpha * (share * off).sum(0))
    assert float(share.max()) < 0.999


def test_repeats_make_every_step_again_but_the_last():
    plan = make("scheduler", "ddpm", steps=4).plan(GaussianImages(SHAPE).schedule)
    made = Towards(loss=Square(), settings=PRESETS["freedom"]).plan(plan)
    places = [
        plan.levels.index(level._replace(index=at))
        for level in made.levels
        for at in range(5)
        if level._replace(index=at) in plan.levels
    ]
    assert places == [0, 1, 0, 1, 2, 1, 2, 3, 2, 3, 4]


def test_growing_strengths_are_the_same_on_average():
    constant = Towards(loss=Square(), settings=PRESETS["dps"])
    growing = attrs.evolve(constant, growth="increase")
    shares = []
    for index in range(6):
        one, other = shift_of(constant, index)[0], shift_of(growing, index)[0]
        shares.append(float((other / one).mean()))
        torch.testing.assert_close(other, one * shares[-1])
    assert shares == sorted(shares)
    assert abs(sum(shares) / 6 - 1) < 1e-4


@pytest.fixture
def image(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def made(image, **options):
    return make("constraint", "tfg", loss=make("loss", "distance", image=image), **options)


@pytest.mark.parametrize("preset", PRESETS)
def test_it_obeys_the_laws_of_constraints(preset, image):
    check_constraint(made(image, preset=preset), Canvas((3, 8, 8)), steps=4)


def test_what_is_said_counts_before_the_preset(image):
    assert made(image, preset="lgd").settings == PRESETS["lgd"]
    assert made(image, preset="lgd", scale=0.0, draws=2).settings == Settings(scale=0.0, smooth=1.0, draws=2)


def test_what_does_not_fit_is_told_at_its_place(image):
    def told(canvas):
        return [(".".join(map(str, problem.option)), str(problem)) for problem in made(image).problems(canvas)]

    assert not told(Canvas((3, 8, 8)))
    [(place, why)] = told(Canvas((3, 16, 16)))
    assert place == "loss.image"
    assert "image.png: is 8x8" in why
    latent = Canvas((4, 2, 2), image_shape=(3, 8, 8))
    assert told(latent) == [("loss", "tfg judges pictures, and this model paints latents: use a model of pixels")]


@pytest.mark.parametrize("preset", PRESETS)
def test_it_comes_nearer_to_what_is_wanted(preset):
    loss = Far(SEEN, OPERATOR)
    led = trajectory_of(Towards(loss=loss, settings=PRESETS[preset]), steps=30).run()
    plain = trajectory_of(Towards(loss=loss, settings=Settings()), steps=30).run()
    assert float(loss.of(led).mean()) < 0.8 * float(loss.of(plain).mean())
