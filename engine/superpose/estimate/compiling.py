"""Networks that torch compiles: one graph each, and a row's answer still that row's alone.

Code compiled for a processor computes the last numbers of a batch by other instructions than the rest, so that a row's
last bits would depend on where it stands. There a compiled network is asked row by row; on other devices a block of
rows is one call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

import torch

from superpose.errors import RunError
from superpose.estimate.attention import is_tapped

if TYPE_CHECKING:
    from torch import Tensor, nn

P = ParamSpec("P")
T = TypeVar("T")

#: A backend of `torch.compile`: its name, or what makes a callable of a graph and its inputs.
Backend: TypeAlias = "str | Callable[..., Any]"
#: Two networks of one class would share, and use up, one number of compilations. Torch has this since 2.13.
_APART = {"isolate_recompiles": True} if "isolate_recompiles" in inspect.signature(torch.compile).parameters else {}


def compile_module(module: nn.Module, backend: Backend = "inductor") -> None:
    """Have torch compile a module in its place, as one graph and for each shape, when it is next called."""
    # Kernels are not chosen by a race, which another run could end otherwise.
    options = {"deterministic": True} if backend == "inductor" else None
    module.compile(fullgraph=True, dynamic=False, backend=backend, options=options, **_APART)


def compiled_answer(
    forward: Callable[[Tensor, Mapping[str, Tensor]], Tensor],
    x: Tensor,
    conditioning: Mapping[str, Tensor] = MappingProxyType({}),
) -> Tensor:
    """One pass through compiled modules, row by row on a processor; with taps as if not compiled.

    Torch can differentiate through it once.

    Arguments:
        forward: Asks the modules about some rows.
        x: The rows.
        conditioning: Tensors of as many rows.

    Raises:
        RunError: If torch can't compile here.
    """
    if is_tapped():  # taps are no part of a graph
        return uncompiled(forward, x, conditioning)
    with compiling():
        if x.device.type != "cpu":
            return forward(x, conditioning)
        # Each row in memory of its own: where it begins decides which code multiplies it.
        parts = {name: tensor.split(1) for name, tensor in conditioning.items()}
        rows = (
            forward(row.clone(), {name: part[i].clone() for name, part in parts.items()})
            for i, row in enumerate(x.split(1))
        )
        return torch.cat(list(rows))


def uncompiled(ask: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """What asking gives where no module is compiled."""
    with torch.compiler.set_stance("force_eager"):
        return ask(*arguments, **options)


@contextmanager
def compiling() -> Iterator[None]:
    """Around calls of compiled modules: that torch can't compile one is told in a sentence.

    Raises:
        RunError: If torch can't compile here.
    """
    try:
        yield
    except torch._dynamo.exc.TorchDynamoException as error:
        why = str(error).strip().splitlines()[0]
        raise RunError(f"torch can't compile this network here ({why}): leave out compile = true in [run]") from error
