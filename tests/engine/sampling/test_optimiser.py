"""Schedulers whose steps are gradient steps: what they do, and what they go with."""

from itertools import pairwise

import attrs
import pytest
import torch

import superpose
from superpose import NoiseLevel, RunError, TableSchedule, make, prompted, trajectory
from superpose.errors import RecipeError
from superpose.sampling.fitting import MisfitError
from superpose.sampling.optimiser import Descended, Descent, Gradient, Optimiser
from superpose.sampling.rule import Edit, Rule
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

SHAPE = (3, 8, 8)


@attrs.frozen(kw_only=True)
class Slopes(Optimiser):
    """Follows given slopes."""

    kind = "slopes"

    def gradient(self, canvas):
        del canvas
        return Given()


class Given(Gradient):
    def of(self, look, image, level, noise, memory):
        return torch.linspace(-1, 1, image[0].numel()).view(image[0].shape).expand_as(image) * level.t / 100, memory


@pytest.mark.parametrize(("method", "theirs"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)])
def test_steps_are_those_of_torch(method, theirs):
    times = [900.0, 100.0, 500.0, 20.0]
    scheduler = Slopes(method=method, rate=0.07, timesteps=times)
    run = trajectory(prompted(TinyPredictor(SHAPE), "cat"), scheduler, TinyPredictor(SHAPE), samples=2)
    image = torch.nn.Parameter(run.start().x.clone())
    optimiser = theirs([image], lr=0.07)
    for time in times:
        image.grad, _ = Given().of(None, image, NoiseLevel(0, time, 1.0, 1.0), None, None)
        optimiser.step()
    torch.testing.assert_close(run.run(), image.detach(), atol=1e-6, rtol=1e-6)


def test_unbound_it_makes_no_step():
    with pytest.raises(RunError, match="sds is not bound: use superpose"):
        make("scheduler", "sds").step()


def test_levels_are_in_range_and_as_said():
    schedule = TableSchedule.named("linear")
    falling, scattered = (
        make("scheduler", "sds", steps=40, visits=each).plan(schedule) for each in ("falling", "scattered")
    )
    times = [level.t for level in falling.levels[:-1]]
    assert times == sorted(times, reverse=True)
    spread = sorted(level.t for level in scattered.levels[:-1])
    assert 0.02 * 999 <= spread[0] < spread[-1] <= 0.98 * 999
    gaps = [b - a for a, b in pairwise(spread)]
    assert max(gaps) < 3 * 0.96 * 999 / 40, "the golden ratio leaves no gap"
    assert not any(plan.climbs(i) for plan in (falling, scattered) for i in range(40))
    assert scattered.level_of_state(3) == NoiseLevel(3, -1.0, 1.0, 0.0)
    with pytest.raises(RecipeError, match="lowest must be below highest"):
        make("scheduler", "sds", lowest=0.5, highest=0.4).plan(schedule)


def test_a_sample_alone_and_gone_on_with_is_the_same(tmp_path):
    network = TinyPredictor(SHAPE)
    scheduler = make("scheduler", "sds", steps=6, method="adam", rate=0.1, visits="scattered")

    def run(samples):
        return trajectory(prompted(network, "cat"), scheduler, network, samples=samples, seed=3, batch_size=4)

    whole = run(5).run()
    assert torch.equal(run([3]).run(), whole[3:4])
    halfway = run(5)
    state = halfway.start()
    for _ in range(3):
        state = halfway.step(state)
    save_state(state, tmp_path / "state", scheduler=halfway.scheduler)
    loaded, _ = load_state(tmp_path / "state", halfway.scheduler)
    assert isinstance(loaded.memory, Descended)
    assert torch.equal(run(5).run(state=loaded), whole)


class _Says(Rule):
    """Edits what it is told to."""

    kind = "says"


class Before(_Says):
    def before(self, x, here, noise):
        return Edit(x)


class Start(_Says):
    def start(self, x, plan, noise):
        return Edit(x)


class Repeats(_Says):
    def plan(self, plan):
        return type(plan).of(plan.levels[:1] + plan.levels)


class Clean(_Says):
    def on_clean(self, clean, here):
        return Edit(clean * 0, jumped=False)


class Allowed(Before):
    optimised = True

    def before(self, x, here, noise):
        assert here.sigma == 0, "what is optimised has no noise"
        return Edit(x * 0)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Before(), r"says edits noisy states \(before\), and sds moves clean images"),
        (Start(), r"says edits noisy states \(start\)"),
        (Repeats(), "says asks for another plan"),
    ],
)
def test_rules_of_noisy_states_are_refused(rule, why):
    network = TinyPredictor(SHAPE)
    with pytest.raises(MisfitError, match=why):
        trajectory(prompted(network, "cat"), make("scheduler", "sds"), network, constraints=[rule])


@pytest.mark.parametrize("rule", [Clean(), Allowed()])
def test_rules_of_clean_images_hold(rule):
    network = GaussianPredictor(SHAPE, means={"cat": 0.9}, std=0.01)
    options = {"steps": 60, "rate": 0.5, "spread": 0.5, "lowest": 0.4}
    images = {
        rules: trajectory(
            prompted(network, "cat"), make("scheduler", "sds", **options), network, constraints=rules, samples=1
        ).run()
        for rules in ((), (rule,))
    }
    assert float(images[()].mean()) > 0.5
    assert abs(float(images[rule,].mean())) < 0.25


def test_a_population_of_a_diffusion_is_refused():
    network = TinyPredictor(SHAPE)
    with pytest.raises(superpose.LawError, match="gradient steps are none"):
        trajectory(
            prompted(network, "cat"), make("scheduler", "sds"), network, population=make("population", "feynman-kac")
        )


@attrs.frozen(eq=False)
class Displacing(superpose.Denoiser):
    inner: superpose.Denoiser

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        return estimate._replace(displacement=x * 0)


def test_what_moves_noisy_states_is_refused():
    network = TinyPredictor(SHAPE)
    run = trajectory(Displacing(prompted(network, "cat")), make("scheduler", "sds"), network)
    with pytest.raises(RecipeError, match="moves noisy states from one step to the next, and sds"):
        run.run()
    assert isinstance(run.scheduler, Descent)
