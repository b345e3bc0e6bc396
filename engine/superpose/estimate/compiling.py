"""Networks that torch compiles: one graph each, and a row's answer still that row's alone.

Code compiled for a processor computes the last numbers of a batch by other instructions than the rest, so that a row's
last bits would depend on where it stands. There a compiled network is asked row by row; on other devices a block of
rows is one call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from superpose.errors import RunError
from superpose.estimate.attention import is_tapped

if TYPE_CHECKING:
    from torch import Tensor, nn

    from superpose.levels.noise_level import NoiseLevel

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
    forward: Callable[[Tensor, NoiseLevel, Mapping[str, Tensor]], Tensor],
    x: Tensor,
    level: NoiseLevel,
    conditioning: Mapping[str, Tensor],
) -> Tensor:
    """One forward pass of compiled modules, row by row on a processor; for gradients and taps as if not compiled.

    Raises:
        RunError: If torch can't compile here.
    """
    if is_tapped() or (torch.is_grad_enabled() and x.requires_grad):
        # Torch differentiates once through what it compiled, and some constraints twice; taps are no part of a graph.
        with torch.compiler.set_stance("force_eager"):
            return forward(x, level, conditioning)
    try:
        if x.device.type != "cpu":
            return forward(x, level, conditioning)
        # Each row in memory of its own: where it begins decides which code multiplies it.
        parts = {name: tensor.split(1) for name, tensor in conditioning.items()}
        rows = (
            forward(row.clone(), level, {name: part[i].clone() for name, part in parts.items()})
            for i, row in enumerate(x.split(1))
        )
        return torch.cat(list(rows))
    except torch._dynamo.exc.TorchDynamoException as error:
        why = str(error).strip().splitlines()[0]
        raise RunError(f"torch can't compile this network here ({why}): leave out compile = true in [run]") from error
