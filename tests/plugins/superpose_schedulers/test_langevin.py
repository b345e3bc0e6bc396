"""Langevin's corrections: each sample's own length, and the move that was asked for."""

import math

import pytest
import torch

import superpose
from mixtures import AllAtOnce, mixture, network, total_variation
from superpose import Estimate, NoiseLevel
from superpose.running.assembly import assemble
from superpose_schedulers.langevin import Langevin

GENERATOR = torch.Generator().manual_seed(0)
X, CLEAN, Z = torch.randn(3, 2, 1, 4, 4, generator=GENERATOR, dtype=torch.float64)
HERE, THERE = NoiseLevel(0, 5.0, 0.6, 0.8), NoiseLevel(1, 3.0, 0.8, 0.6)


def step(scheduler, here=HERE, there=THERE, noise=None):
    drawn = []

    def fresh(purpose="step"):
        drawn.append(purpose)
        return Z if noise is None else noise(purpose)

    moved, _ = scheduler.step(lambda x, at: Estimate(CLEAN), X, here, there, None, fresh, False)
    return moved, drawn


def test_a_correction_is_the_papers():
    moved, drawn = step(Langevin(snr=0.16, predictor="reverse-diffusion"), noise=lambda purpose: Z)
    keep = HERE.alpha / THERE.alpha
    score = (HERE.alpha * CLEAN - X) / HERE.sigma**2
    lengths = [(tensor**2).sum((1, 2, 3), keepdim=True).sqrt() for tensor in (Z, score)]
    delta = 2 * keep**2 * (0.16 * lengths[0] / lengths[1]) ** 2
    x = X + delta * score + (2 * delta).sqrt() * Z
    beta = HERE.sigma**2 - (keep * THERE.sigma) ** 2
    want = (2 - keep) * x + beta * (HERE.alpha * CLEAN - x) / HERE.sigma**2 + math.sqrt(beta) * Z
    torch.testing.assert_close(moved, want)
    assert drawn == ["correction 0", "step"], "each draws under a name of its own"


@pytest.mark.parametrize(("corrections", "drawn"), [(0, ["step"]), (2, ["correction 0", "correction 1", "step"])])
def test_so_many_corrections(corrections, drawn):
    assert step(Langevin(corrections=corrections))[1] == drawn


def test_pure_noise_needs_none_and_the_end_is_the_clean_image():
    assert step(Langevin(), here=NoiseLevel(0, 9.0, 0.0, 1.0))[1] == ["step"]
    moved, drawn = step(Langevin(), there=NoiseLevel(1, -1.0, 1.0, 0.0))
    assert torch.equal(moved, CLEAN)
    assert drawn == ["correction 0"]


def test_a_score_of_zero_makes_no_infinite_step():
    x = HERE.alpha * CLEAN
    moved, _ = Langevin().step(lambda x, at: Estimate(CLEAN), x, HERE, THERE, None, lambda purpose="step": Z, False)
    assert bool(moved.isfinite().all())


@pytest.mark.parametrize("corrections", [1, 3])
def test_images_of_one_value_are_drawn_as_well(corrections):
    """By norms of one number, steps had no end: distances of 0.68 and 0.76."""
    mixed = mixture([0.4, 0.6], [-1.3, 1.0], [0.2, 0.1])
    one = network(mixed)
    scheduler = Langevin(steps=100, corrections=corrections)
    made = assemble(superpose.prompted(one, ""), scheduler, one, clip=superpose.NoClip())
    found = made.run(AllAtOnce(0, 4096), None).run().flatten()
    assert total_variation(found, torch.ones(4096), lambda y: mixed.log_density(y[:, None])) < 0.05
