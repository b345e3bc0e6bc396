"""A scheduler that is followed."""

import torch

from superpose import TableSchedule, make
from superpose.testing.following import MEAN, VARIANCE, estimates, follow, gaussian, noise_of, start_of

SHAPE = (1, 4, 4)


def test_the_exact_estimate_is_the_posterior_mean():
    level = TableSchedule.named("linear").level(0, 400)
    generator = torch.Generator().manual_seed(0)
    images = MEAN + VARIANCE**0.5 * torch.randn(200_000, 1, 1, 1, generator=generator, dtype=torch.float64)
    x = level.alpha * images + level.sigma * torch.randn(images.shape, generator=generator, dtype=torch.float64)
    off = images - gaussian(x, level).clean
    assert abs(float(off.mean())) < 0.01
    assert abs(float((off * x).mean())) < 0.01, "what is left over has nothing to do with the state"


def test_it_is_followed_to_the_mean_of_what_is_known():
    scheduler = make("scheduler", "ddim", steps=20)
    plan = scheduler.plan(TableSchedule.named("linear"))
    states = follow(scheduler, plan, gaussian, start_of(plan, SHAPE), noise_of(SHAPE))
    assert len(states) == 20
    assert abs(float(states[-1].mean()) - MEAN) < 0.2


def test_a_learned_variance_is_given_where_one_is_needed():
    level = TableSchedule.named("linear").level(0, 400)
    x = torch.zeros(1, *SHAPE)
    assert estimates(make("scheduler", "ddpm", variance="learned"))(x, level).variance is not None
    assert estimates(make("scheduler", "ddim"))(x, level).variance is None
