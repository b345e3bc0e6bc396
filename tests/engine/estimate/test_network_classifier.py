"""The one classifier that is a network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from graphs import Graphs
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


class Squared(nn.Module):
    """A class that likes large squares, and another."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.stack((x.square().sum((1, 2, 3)), t.expand(len(x))), dim=1)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_it_is_compiled_for_its_gradient_and_not_where_that_is_differentiated_again() -> None:
    plain, compiled = (NetworkClassifier((1, 2, 2), Squared()) for _ in range(2))
    assert compiled.compile(graphs := Graphs())
    x = torch.randn(3, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    told = {"label": torch.tensor([0, 1, 0])}
    torch.testing.assert_close(compiled.predict(x, LEVEL, told).output, plain.predict(x, LEVEL, told).output)
    assert len(graphs) == 1
    slopes = []
    for classifier in (plain, compiled):
        seen = x.clone().requires_grad_()
        slopes += torch.autograd.grad(classifier.predict(seen, LEVEL, told).output.square().sum(), seen)
    assert torch.equal(*slopes)
    assert len(graphs) == 1


def test_what_is_no_network_of_torch_is_not_compiled() -> None:
    assert not NetworkClassifier((1, 2, 2), lambda x, _: x.flatten(1)).compile()
