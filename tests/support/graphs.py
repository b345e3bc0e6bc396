"""Graphs that torch makes of a network, counted; the path of a GPU, without one and without a compiler of C++."""

from __future__ import annotations

from typing import Any

from torch._dynamo.backends.debugging import aot_eager


class Graphs(list[Any]):
    """A backend of `torch.compile`: traces a graph, keeps it, and runs it as it is."""

    def __call__(self, graph: Any, inputs: Any, **_: Any) -> Any:
        self.append(graph)
        return aot_eager(graph, inputs)
