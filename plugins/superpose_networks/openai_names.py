"""Names of the U-Nets that descend from OpenAI's: guided-diffusion, CompVis' latent diffusion, diffusion autoencoders.

Their files number the blocks as they run: ``input_blocks.0`` and on, ``middle_block.0`` to ``.2``, ``output_blocks``.

=============================  ==================================  ==========================
in such files                  here                                where
=============================  ==================================  ==========================
``in_layers.0, in_layers.2``   ``norm1, conv1``                    residual blocks
``emb_layers.1``               ``time_emb_proj``
``cond_emb_layers.1``          ``cond_emb_proj``                   diffusion autoencoders
``out_layers.0, out_layers.3`` ``norm2, conv2``
``skip_connection``            ``conv_shortcut``
``norm, qkv, proj_out``        ``group_norm, to_q to_k to_v,       attention of pixels
                               to_out.0``
``op`` (down), ``conv`` (up)   ``conv``                            resampling
=============================  ==================================  ==========================

The rows of ``qkv`` come in one of three orders, which the file does not tell; a wrong one runs and draws garbage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

from torch import Tensor

#: How the rows of one matrix for q, k and v are ordered. "legacy": [head][q, k, v][d], as in most of guided-diffusion's
#: files and its classifiers; "new": [q, k, v][head][d], its 64x64 model; "edm": [head][d][q, k, v].
QKVOrder = Literal["legacy", "new", "edm"]

_RESIDUAL = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "cond_emb_layers.1": "cond_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_ATTENTION = {"norm": "group_norm", "proj_out": "to_out.0"}
_OUTSIDE = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb": "class_embedding",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
_NUMBERED = re.compile(r"(?:input_blocks|output_blocks|middle_block)\.\d+(?:\.\d+)?")


def openai_names(
    weights: dict[str, Tensor],
    blocks: Sequence[int],
    *,
    order: QKVOrder = "legacy",
    heads: Callable[[str, int], int] | None = None,
) -> dict[str, Tensor]:
    """The same tensors by the names of `UNet`, q, k and v apart and in our order.

    Arguments:
        weights: Tensors by the names in the file, without a prefix; emptied, so that no attention is in memory twice.
        blocks: Residual blocks of each level on the way down.
        order: How the rows of ``qkv`` are ordered.
        heads: Number of heads of an attention, by its name here (such as ``down_blocks.1.attentions.0``) and its
            channels; None where every attention has one head, so that all orders are the same.

    Returns:
        A new table; names it does not know stay as they are, so that `assign` complains of them.
    """
    names = list(weights)
    places = dict(_places(frozenset(names), blocks))
    attentions = {name.removesuffix(".qkv.weight") for name in names if name.endswith(".qkv.weight")}
    renamed: dict[str, Tensor] = {}
    for name in names:
        value = weights.pop(name)
        numbered = _NUMBERED.match(name)
        old = numbered[0] if numbered else next((key for key in _OUTSIDE if name.startswith(f"{key}.")), "")
        place = (places | _OUTSIDE).get(old)
        if place is None:
            renamed[name] = value
            continue
        rest, _, part = name.removeprefix(f"{old}.").rpartition(".")
        count = heads(place, len(value) // 3) if rest == "qkv" and splits(value) and heads is not None else 1
        if rest == "qkv" and splits(value, count):
            apart = split_qkv(value, order, count)
            renamed |= {f"{place}.to_{one}.{part}": piece for one, piece in zip("qkv", apart, strict=True)}
        else:
            renamed[".".join(filter(None, (place, _inner(rest, old, old in attentions), part)))] = value
    return renamed


def splits(value: Tensor, heads: int = 1) -> bool:
    """True where a tensor has rows for q, k and v of so many heads; one that has not is left to `assign` to refuse."""
    return value.dim() > 0 and value.numel() > 0 and heads > 0 and len(value) % (3 * heads) == 0


def split_qkv(value: Tensor, order: QKVOrder, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """The matrices (C, C) or biases (C,) of q, k and v, rows ordered [head][d], from one of 3C rows.

    Arguments:
        value: Shape (3C, C), (3C, C, 1) or (3C,).
        order: How its rows are ordered.
        heads: Number of heads.
    """
    value = value.flatten(1) if value.dim() > 1 else value
    shape = {"legacy": (heads, 3, -1), "new": (3, heads, -1), "edm": (heads, -1, 3)}[order]
    axis = {"legacy": 1, "new": 0, "edm": 2}[order]
    q, k, v = value.unflatten(0, shape).movedim(axis, 0).flatten(1, 2).contiguous()
    return q, k, v


def _inner(rest: str, old: str, attends: bool) -> str:
    """The name inside a block."""
    if rest in ("op", "conv"):
        return "conv"
    if attends:
        return _ATTENTION.get(rest, rest)
    # Sequences with a class of a label (SDXL, unCLIP) are two linear maps, as time is.
    return {"0.0": "linear_1", "0.2": "linear_2"}.get(rest, rest) if old == "label_emb" else _RESIDUAL.get(rest, rest)


def _places(names: Collection[str], blocks: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Each numbered module and where it stands here."""
    number, bottom = 1, len(blocks) - 1
    for level, count in enumerate(blocks):
        for block in range(count):
            yield f"input_blocks.{number}.0", f"down_blocks.{level}.resnets.{block}"
            yield f"input_blocks.{number}.1", f"down_blocks.{level}.attentions.{block}"
            number += 1
        if level < bottom:
            yield f"input_blocks.{number}.0", f"down_blocks.{level}.downsamplers.0"
            number += 1
    yield "middle_block.0", "mid_block.resnets.0"
    yield "middle_block.1", "mid_block.attentions.0"
    yield "middle_block.2", "mid_block.resnets.1"
    number = 0
    for level, count in enumerate(reversed(blocks)):
        for block in range(count + 1):
            yield f"output_blocks.{number}.0", f"up_blocks.{level}.resnets.{block}"
            for place in (1, 2):
                module = f"output_blocks.{number}.{place}"
                doubles = any(f"{module}.{key}.weight" in names for key in ("conv", "in_layers.0"))
                yield module, f"up_blocks.{level}." + ("upsamplers.0" if doubles else f"attentions.{block}")
            number += 1
