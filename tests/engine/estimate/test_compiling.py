"""Compiled networks keep rows apart, are differentiated once, and fail in one sentence."""

from __future__ import annotations

import attrs
import pytest
import torch
from torch import Tensor, nn

from graphs import Graphs
from superpose import NetworkPredictor, RunError, model
from superpose.estimate.attention import Tap, tapping
from superpose.estimate.compiling import compile_module, compiled_answer, uncompiled

#: Torch looks whether the states that it traces have a gradient, and hides from people that it warns itself of that.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")


class Scaled(nn.Module):
    """A network that says how many rows it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0), requires_grad=False)
        self.seen: list[tuple[int, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.weight).square()


class Broken(nn.Module):
    """A network that is no single graph."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x


def ask(network: nn.Module, x: Tensor) -> Tensor:
    return compiled_answer(lambda x, given: network(x) + given["shift"], x, {"shift": torch.arange(len(x))[:, None]})


def test_rows_go_one_by_one_on_a_processor_each_with_its_own_conditioning() -> None:
    network, x = Scaled(), torch.randn(3, 5)
    compile_module(network, graphs := Graphs())
    with torch.no_grad():
        assert torch.equal(ask(network, x), (2 * x).square() + torch.arange(3)[:, None])
    [graph] = graphs
    shapes = [node.meta["example_value"].shape for node in graph.graph.nodes if node.op == "placeholder"]
    assert (1, 5) in map(tuple, shapes)


def test_a_gradient_is_of_the_compiled_network_row_by_row() -> None:
    network = Scaled()
    x = torch.randn(2, 5, requires_grad=True)
    compile_module(network, graphs := Graphs())
    [once] = torch.autograd.grad(ask(network, x).sum(), x)
    assert len(graphs) == 1
    assert torch.allclose(once, 8 * x)


def test_a_second_derivative_is_refused_compiled_and_taken_uncompiled() -> None:
    network = Scaled()
    x = torch.randn(2, 5, requires_grad=True)
    compile_module(network, graphs := Graphs())
    [once] = torch.autograd.grad(ask(network, x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="does not currently support double backward"):
        torch.autograd.grad(once.sum(), x)
    [once] = torch.autograd.grad(uncompiled(ask, network, x).sum(), x, create_graph=True)
    [twice] = torch.autograd.grad(once.sum(), x)
    assert len(graphs) == 1
    assert torch.allclose(twice, torch.full_like(x, 8.0))


def test_where_attention_is_tapped_the_network_is_asked_as_it_is() -> None:
    class Nothing(Tap):
        """A tap that changes nothing."""

    network, x = Scaled(), torch.randn(2, 5)
    compile_module(network, graphs := Graphs())
    with torch.no_grad(), pytest.raises(RunError, match="was at no attention"), tapping([Nothing()], (), x, network):
        ask(network, x)
    assert not graphs


def test_two_networks_of_one_class_do_not_use_up_each_others_compilations() -> None:
    graphs = Graphs()
    with torch.no_grad():
        for size in range(2, 14):
            network = Scaled()
            compile_module(network, graphs)
            ask(network, torch.randn(1, size))
    assert len(graphs) == 12


def test_what_is_no_single_graph_is_refused_in_one_sentence() -> None:
    network = Broken()
    compile_module(network, Graphs())
    refused = pytest.raises(RunError, match=r"can't compile this network here .*leave out compile = true")
    with torch.no_grad(), refused as told:
        ask(network, torch.randn(2, 5))
    assert "\n" not in str(told.value)


def test_a_predictor_compiles_its_modules_alone() -> None:
    glyphs = model("glyphs")
    assert isinstance(glyphs, NetworkPredictor)
    assert len(glyphs.modules) == 1
    assert not attrs.evolve(glyphs, network=lambda *_: torch.zeros(1), modules=()).compile()
