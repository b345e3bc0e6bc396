"""A guidance asked of a tiny network."""

import torch

from superpose import make
from superpose.testing.predictors import TinyPredictor


def asked(rule, network=None):
    """The clean image of two samples at the middle of five steps, under a guidance."""
    network = network or TinyPredictor()
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    return rule.denoiser(network, network.condition("cat"), network.condition(""))(x, level).clean
