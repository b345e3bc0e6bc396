"""DAPS, against what is exact for normal distributions."""

import pytest
import torch

from superpose import Estimate, LinearOperator, Plan, TableSchedule, Trajectory, make, prompted
from superpose.testing.gaussian import BatchNoise, GaussianImages, distance
from superpose_constraints.daps import Annealed

SHAPE = (1, 4, 4)
NOISE = 0.2
OPERATOR = make("operator", "block-average", factor=2).bound_to(SHAPE)
LEVELS = Plan.of([TableSchedule.named("linear").level(0, t) for t in (600.0, 300.0)]).levels


class Unfactored(LinearOperator):
    """An operator whose singular values nobody knows."""

    shape, observed_shape = OPERATOR.shape, OPERATOR.observed_shape

    def apply(self, x):
        return torch.nn.functional.avg_pool2d(x, 2)


def matrix():
    return OPERATOR.apply(torch.eye(16).view(16, *SHAPE)).flatten(1).T.double()


def product(centre, spread, noise, y):
    """Mean and covariance of the normal images around a centre that explain an observation."""
    a = matrix()
    covariance = torch.linalg.inv(torch.eye(16) / spread**2 + a.T @ a / noise**2)
    mean = covariance @ (centre.flatten().double() / spread**2 + a.T @ y.flatten().double() / noise**2)
    return mean, covariance


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


CENTRE, SEEN = normal(*SHAPE), normal(1, *OPERATOR.observed_shape, seed=1)


@pytest.mark.parametrize(("spread", "ratio"), [("normal", lambda at: at.sigma), ("paper", lambda at: at.ratio)])
def test_a_draw_has_the_mean_and_covariance_of_the_product(spread, ratio):
    """The draw is linear in its noise: told every unit of it in turn, it tells its covariance."""
    here = LEVELS[0]
    clean = here._replace(alpha=1.0, sigma=0.0)
    rule = Annealed(operator=OPERATOR, observed=SEEN, noise=NOISE, spread=spread)
    units = torch.cat((torch.zeros(1, 16), torch.eye(16))).view(17, *SHAPE)
    got = rule.move(
        lambda x, at: Estimate(CENTRE.expand(17, *SHAPE)), units, here, clean, lambda purpose="step": units
    ).flatten(1)
    mean, covariance = product(CENTRE, ratio(here), NOISE, SEEN)
    torch.testing.assert_close(got[0].double(), mean, atol=1e-5, rtol=1e-5)
    ways = (got[1:] - got[0]).double()
    torch.testing.assert_close(ways.T @ ways, covariance, atol=1e-5, rtol=1e-5)


def test_langevins_dynamics_make_the_same_draw():
    rule, rows = Annealed(operator=Unfactored(), observed=SEEN, noise=NOISE, langevin=60), 2000
    source, here = BatchNoise((rows, *SHAPE)), LEVELS[0]
    clean = here._replace(alpha=1.0, sigma=0.0)
    drawn = rule.move(
        lambda x, at: Estimate(CENTRE.expand(rows, *SHAPE)),
        torch.zeros(rows, *SHAPE),
        here,
        clean,
        lambda purpose="step": source.draw(0, purpose),
    )
    off = distance(drawn.flatten(1), *product(CENTRE, here.sigma, NOISE, SEEN))
    assert off < 0.12, f"{off} of the spread away"
    wrong = distance(drawn.flatten(1), *product(CENTRE, here.sigma, 2 * NOISE, SEEN))
    assert wrong > 2 * off


class Unit(GaussianImages):
    """Independent values of unit variance."""

    def __init__(self):
        super().__init__(SHAPE, std=1.0, length=1e-6, mean=0.0)


def run_of(rule, network, steps, rows=4000):
    scheduler = make("scheduler", "ddim", steps=steps)
    plan = scheduler.plan(network.schedule)
    return Trajectory(prompted(network, ""), scheduler, plan, BatchNoise((rows, *SHAPE)), [rule]).run()


@pytest.mark.parametrize("steps", [1, 5])
def test_it_is_exact_for_images_of_unit_variance(steps):
    """However few the steps: from the first on each draws from the exact posterior of its level."""
    images = run_of(Annealed(operator=OPERATOR, observed=SEEN, noise=NOISE), Unit(), steps)
    off = distance(images.flatten(1), *product(torch.zeros(SHAPE), 1.0, NOISE, SEEN))
    assert off < 0.06, f"{off} of the spread away"


def test_the_flow_is_ddims():
    """As many steps of the flow as there are levels end where DDIM ends; one asks once."""
    network = GaussianImages(SHAPE)
    scheduler = make("scheduler", "ddim", steps=6)
    plan = scheduler.plan(network.schedule)
    asked = []

    def denoise(x, at):
        asked.append(at)
        return Estimate(network.predict(x, at, {}).output)

    x = normal(2, *SHAPE) * plan.levels[0].sigma
    rule = Annealed(operator=OPERATOR, observed=SEEN, flow=6).along(plan)
    wanted = Trajectory(prompted(network, ""), scheduler, plan, BatchNoise((2, *SHAPE)))
    state = wanted.start()
    torch.testing.assert_close(rule._flowed(denoise, state.x, plan.levels[0]), wanted.run())
    assert asked == list(plan.levels[:-1])
    asked.clear()
    Annealed(operator=OPERATOR, observed=SEEN, flow=3).along(plan)._flowed(denoise, x, plan.levels[0])
    assert [at.index for at in asked] == [0, 2, 4]
    asked.clear()
    Annealed(operator=OPERATOR, observed=SEEN, flow=3).along(plan)._flowed(denoise, x, plan.levels[5])
    assert [at.index for at in asked] == [5]
