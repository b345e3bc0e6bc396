"""Pointwise nonlinearities by the names that checkpoint files use."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from superpose_networks.rows import pointwise

Activation = Callable[[Tensor], Tensor]


@pointwise
def silu_(x: Tensor) -> Tensor:
    """``x * sigmoid(x)``, written over ``x`` unless a gradient needs it: callers give it a tensor of their own."""
    return nn.functional.silu(x, inplace=not x.requires_grad)


#: By name. They may overwrite their argument.
ACTIVATIONS: dict[str, Activation] = {
    "silu": silu_,
    "swish": silu_,
    "mish": pointwise(nn.functional.mish),
    "gelu": pointwise(nn.functional.gelu),
    "relu": pointwise(nn.functional.relu),
}
