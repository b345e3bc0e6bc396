"""Taps at the attention of diffusers' networks: its processors are wrapped, and ask the engine in place of the kernel.

Only attention of the plain kind (``AttnProcessor2_0``) is: a processor of another class may lay words and places side
by side, or ask for them in two goes, and says nowhere which key is what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from superpose import Site, attend, is_tapped, left_out

_KERNEL = nn.functional.scaled_dot_product_attention
#: Classes of diffusers, by name: the module that holds an attention, how it computes it, what can be left out.
ATTENTION, PLAIN, BLOCK = "Attention", "AttnProcessor2_0", "BasicTransformerBlock"


def name_sites(network: nn.Module) -> None:
    """Let taps be at a network's attention, and leave blocks out, by the names of its modules."""
    for name, module in network.named_modules():
        kind: Any = module
        if type(module).__name__ == ATTENTION and type(kind.processor).__name__ == PLAIN:
            kind.site = Site(name, "cross" if kind.is_cross_attention else "self")
            kind.set_processor(Wrapped(kind.processor, kind.site))
        elif type(module).__name__ == BLOCK:
            kind.block = Site(name, "block")
            kind.forward = Skippable(kind.forward, kind.block)


@attrs.frozen(eq=False)
class Wrapped:
    """A processor whose kernel is asked for through the engine, where there are taps."""

    inner: Callable[..., Tensor]
    site: Site

    def __call__(
        self, attn: object, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None, temb: Tensor | None = None, *others: object, **more: object,
    ) -> Tensor:  # fmt: skip
        """The processor's answer."""
        told = attn, hidden_states, encoder_hidden_states, attention_mask, temb, *others
        if not is_tapped():
            return self.inner(*told, **more)
        with _ThroughTheEngine(self.site):
            return self.inner(*told, **more)


@attrs.frozen(eq=False)
class Skippable:
    """The forward pass of a block that adds to its input, which is handed on as it is where a tap leaves it out."""

    inner: Callable[..., Tensor]
    block: Site

    def __call__(self, hidden_states: Tensor, *others: object, **more: object) -> Tensor:
        """The block's answer."""
        return hidden_states if left_out(self.block) else self.inner(hidden_states, *others, **more)


class _ThroughTheEngine(TorchFunctionMode):
    """Hands torch's attention, where it is called, to the engine."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The answer of a function of torch."""
        del types
        told = dict(kwargs or {})
        if func is not _KERNEL:
            return func(*args, **told)

        def kernel(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
            answer: Tensor = _KERNEL(q, k, v, attn_mask=mask)
            return answer

        q, k, v = args[:3] if len(args) >= 3 else (told["query"], told["key"], told["value"])
        with torch._C.DisableTorchFunction():
            return attend(self.site, q, k, v, kernel, told.get("attn_mask"))
