"""The one classifier that is a network."""

from __future__ import annotations

import torch
from torch import Tensor

from superpose import NetworkClassifier, NoiseLevel

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


def test_its_gradient_is_that_of_the_log_probability() -> None:
    asked = []

    def network(x: Tensor, t: Tensor) -> Tensor:
        asked.append((x.dtype, t.shape, float(t)))
        return torch.stack((x.sum((1, 2, 3)), torch.zeros(len(x), dtype=x.dtype)), dim=1)

    classifier = NetworkClassifier((1, 2, 2), network, "cpu", torch.float64)
    x = torch.randn(3, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    gradient = classifier.predict(x, LEVEL, {"label": torch.tensor([0, 0, 1])}).output
    # d/dx log sigmoid(s) = 1 - sigmoid(s), and - sigmoid(s) for the other class, where s is the sum of x.
    likely = x.sum((1, 2, 3)).sigmoid()
    wanted = torch.stack((1 - likely[0], 1 - likely[1], -likely[2]))
    torch.testing.assert_close(gradient, wanted.view(-1, 1, 1, 1).expand_as(x))
    assert asked == [(torch.float64, torch.Size(), 500.0)]
