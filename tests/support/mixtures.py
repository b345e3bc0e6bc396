"""Mixtures of normal distributions of one number: exact networks, whose products are known."""

from __future__ import annotations

import zlib

import attrs
import torch

from superpose import Context, NoClip, TableSchedule
from superpose.running.assembly import assemble
from superpose_gaussian.normal import Mixture, Normal
from superpose_gaussian.predictor import ExactPredictor

#: Places of a histogram.
EDGES = torch.linspace(-4, 4, 17, dtype=torch.float64)
#: Points in each, over which a density is integrated.
FINE = 50


def mixture(shares, means, variances):
    """The mixture of one number with these shares, means and variances."""
    eye = torch.ones(1, 1, dtype=torch.float64)
    normals = tuple(
        Normal(torch.tensor([mean]).double(), eye, torch.tensor([variance]).double(), torch.tensor(1.0).double())
        for mean, variance in zip(means, variances, strict=True)
    )
    return Mixture(normals, torch.tensor(shares).double())


def network(mixed):
    """The network of images of one number that are so distributed."""
    names = tuple(map(str, range(len(mixed.normals))))
    return ExactPredictor(mixed, names, (1, 1, 1), TableSchedule.named("cosine"), "cpu")


def total_variation(values, weights, log_density):
    """Distance in total variation of weighted values from a density that is known up to a constant."""
    width = EDGES[1] - EDGES[0]
    points = EDGES[:-1, None] + width * (torch.arange(FINE) + 0.5) / FINE
    wanted = log_density(points.flatten()).exp().view(points.shape).sum(1)
    places = torch.bucketize(values.double(), EDGES[1:-1])
    got = torch.zeros_like(wanted).index_add(0, places, weights.double())
    return float((got / got.sum() - wanted / wanted.sum()).abs().sum() / 2)


@attrs.frozen
class AllAtOnce:
    """Noise of many rows from one stream a step: faster than that of each row, and as good where it is not replayed."""

    seed: int
    rows: int

    def draw(self, step, purpose="step", law="normal"):
        generator = torch.Generator().manual_seed(zlib.crc32(f"{self.seed} {step} {purpose}".encode()))
        return (torch.randn if law == "normal" else torch.rand)(self.rows, 1, 1, 1, generator=generator)


def swarm_at_the_end(denoiser, scheduler, network, population, seed):
    """Values and weights of the particles of one sample at the end of the plan, and what they were."""
    made = assemble(denoiser, scheduler, network, clip=NoClip(), seed=seed).carrying(population, Context.of(network))
    run = made.run(AllAtOnce(seed, population.size), None, swarm=made.swarm((0,)))
    state = run.start()
    while state.step < run.steps:
        state = run.step(state)
    return state.x.flatten(), state.particles.log_weights.softmax(1).flatten(), state.particles
