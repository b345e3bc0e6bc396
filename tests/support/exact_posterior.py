"""A normal distribution of tiny images, and the exact clean image of one of which something was observed."""

import numpy as np
import torch

from observing import matrix_of
from superpose import TableSchedule, evaluate, prompted
from superpose.estimate.prediction import with_gradient
from superpose_gaussian.normal import Mixture, Normal
from superpose_gaussian.predictor import ExactPredictor

SHAPE = (3, 2, 2)
SCHEDULE = TableSchedule.named("cosine")
GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(2, *SHAPE, generator=GENERATOR)
MEAN = 0.3 * torch.randn(12, generator=GENERATOR, dtype=torch.float64)
#: Pixels that differ together, and pixels that differ each by itself, with deviation 1/2.
CORRELATED = Normal(
    MEAN,
    torch.linalg.qr(torch.randn(12, 3, generator=GENERATOR, dtype=torch.float64))[0].T,
    torch.tensor([1.5, 0.8, 0.4], dtype=torch.float64),
    torch.tensor(0.05, dtype=torch.float64),
)
APART = Normal(MEAN, torch.zeros(0, 12).double(), torch.zeros(0).double(), torch.tensor(0.25, dtype=torch.float64))


def told(rule, normal, level):
    """The estimate of a denoiser of that distribution under a rule."""
    network = ExactPredictor(Mixture((normal,), torch.ones(1)), ("",), SHAPE, SCHEDULE, "cpu")
    with torch.no_grad():
        return evaluate(rule.wrap(prompted(network, "")), X, level)


def pulled(rule, normal, level):
    """Its clean image, with its gradient in it."""
    return with_gradient(told(rule, normal, level), level).clean


def exact(normal, level, operator, observed, noise):
    """The mean of clean images, given both the state and the observation: of normal distributions one formula."""
    matrix, x = matrix_of(operator), X.flatten(1).double().numpy()
    prior, signal = np.linalg.inv(normal.covariance().numpy()), level.alpha / level.sigma
    precision = prior + signal**2 * np.eye(12) + matrix.T @ matrix / noise**2
    known = prior @ normal.mean.numpy() + level.alpha / level.sigma**2 * x
    known = known + matrix.T @ observed.flatten().double().numpy() / noise**2
    return torch.from_numpy(np.linalg.solve(precision, known.T).T).view_as(X).float()
