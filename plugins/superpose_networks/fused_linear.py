"""Linear maps that files keep apart and we compute as one: q, k and v of an attention.

In ``state_dict`` they are apart again, under their published names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


def fused_linear(owner: nn.Module, attribute: str, names: Sequence[str], layer: nn.Linear) -> nn.Linear:
    """Make ``layer`` the ``attribute`` of ``owner``, published as one linear map a name, of equal widths.

    Arguments:
        owner: The module whose ``state_dict`` shows the names.
        attribute: What the layer is called in code.
        names: Published names, in the order of the layer's rows.
        layer: The joined map; its output is cut into ``len(names)`` equal parts.

    Returns:
        ``layer``.
    """
    parts = ("weight", "bias") if layer.bias is not None else ("weight",)

    def split(_: nn.Module, state: dict[str, Any], prefix: str, __: dict[str, Any]) -> None:
        for part in parts:
            whole = state.pop(f"{prefix}{attribute}.{part}")
            state |= {f"{prefix}{name}.{part}": one for name, one in zip(names, whole.chunk(len(names)), strict=True)}

    def join(_: nn.Module, state: dict[str, Any], prefix: str, *__: object) -> None:
        for part in parts:
            apart = [f"{prefix}{name}.{part}" for name in names]
            if all(name in state for name in apart):
                state[f"{prefix}{attribute}.{part}"] = _joined([state.pop(name) for name in apart])

    setattr(owner, attribute, layer)
    owner.register_state_dict_post_hook(split)
    owner.register_load_state_dict_pre_hook(join)
    return layer


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """The rows of all; of shapes alone without `torch.cat`, which imports torch's compiler there."""
    first = parts[0]
    if first.is_meta and len({part.shape[1:] for part in parts}) == 1:
        return first.new_empty(sum(map(len, parts)), *first.shape[1:])
    return torch.cat(list(parts))
