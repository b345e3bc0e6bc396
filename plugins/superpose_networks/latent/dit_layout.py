"""Diffusion transformers in files: the configurations of diffusers, and the names and shapes of the paper's own code.

All sizes of a network can be seen in the paper's files but the number of heads, which goes with the width in every
published one. They differ from diffusers' networks in two numbers: sinusoids of time fall to 1/10000 one step later,
and every norm has an eps of 1e-6.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import attrs
from torch import Tensor

from superpose import RecipeError
from superpose_networks.latent.dit import DiTConfig
from superpose_networks.latent.settings import settings
from superpose_networks.openai_names import splits
from superpose_networks.shapes import shape_of

#: Keys of diffusers' classes that change no number, and those that are supported with one value alone.
_IDLE = {
    "dropout", "norm_num_groups", "upcast_attention", "only_cross_attention", "use_linear_projection",
    "double_self_attention", "attention_type", "caption_channels", "interpolation_scale", "use_additional_conditions",
}  # fmt: skip
_FIXED: dict[str, object] = {"norm_type": "ada_norm_zero", "cross_attention_dim": None, "num_vector_embeds": None}
#: Heads of the published sizes S, B, L and XL, by their width.
HEADS = {384: 6, 768: 12, 1024: 16, 1152: 16}

#: Names in the paper's files, and ours; ``*`` stands for every block.
_NAMES = (
    (r"x_embedder\.", "pos_embed."),
    (r"t_embedder\.mlp\.0\.", "transformer_blocks.*.norm1.emb.timestep_embedder.linear_1."),
    (r"t_embedder\.mlp\.2\.", "transformer_blocks.*.norm1.emb.timestep_embedder.linear_2."),
    (r"y_embedder\.", "transformer_blocks.*.norm1.emb.class_embedder."),
    (r"blocks\.(\d+)\.attn\.proj\.", r"transformer_blocks.\1.attn1.to_out.0."),
    (r"blocks\.(\d+)\.mlp\.fc1\.", r"transformer_blocks.\1.ff.net.0.proj."),
    (r"blocks\.(\d+)\.mlp\.fc2\.", r"transformer_blocks.\1.ff.net.2."),
    (r"blocks\.(\d+)\.adaLN_modulation\.1\.", r"transformer_blocks.\1.norm1.linear."),
    (r"final_layer\.adaLN_modulation\.1\.", "proj_out_1."),
    (r"final_layer\.linear\.", "proj_out_2."),
)
_QKV = re.compile(r"blocks\.(\d+)\.attn\.qkv\.(weight|bias)")


def diffusers_dit(where: str, config: Mapping[str, object]) -> DiTConfig:
    """Network of a ``config.json`` of ``DiTTransformer2DModel``; it was called ``Transformer2DModel`` once.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    understood = {field.name: field.default for field in attrs.fields(DiTConfig) if field.name != "frequency_shift"}
    try:
        return DiTConfig(**settings(where, config, understood, _FIXED, _IDLE))
    except ValueError as error:
        raise RecipeError(f"{where}: {error.args[0]}") from error


def paper_dit(where: str, shapes: Mapping[str, tuple[int, ...]], heads: int | None) -> DiTConfig:
    """The network whose shapes a file of the paper's code has.

    Arguments:
        where: The file, for the message.
        shapes: By name.
        heads: Of attention; None for those of the published sizes.

    Raises:
        RecipeError: If it is another kind of file, or how many heads it has can't be told.
    """
    needed = ("x_embedder.proj.weight", "pos_embed", "y_embedder.embedding_table.weight", "final_layer.linear.weight")
    if missing := [name for name in needed if name not in shapes]:
        found = ", ".join(list(shapes)[:3])
        raise RecipeError(
            f"{where} is no diffusion transformer of the paper's code: no {missing[0]} among {found}, ..."
        )
    width, channels, patch, _ = shape_of(where, shapes, "x_embedder.proj.weight", 4)
    heads = heads or HEADS.get(width)
    if heads is None or width % heads:
        raise RecipeError(
            f"{where} is {width} wide; how many heads it has can't be seen in it: write heads = a divisor"
        )
    places = shape_of(where, shapes, "pos_embed", 3)[1]
    if (grid := math.isqrt(places)) ** 2 != places:
        raise RecipeError(f"{where} has places for {places} patches, and images are square")
    sizes: dict[str, Any] = {
        "num_attention_heads": heads,
        "attention_head_dim": width // heads,
        "in_channels": channels,
        "out_channels": shape_of(where, shapes, "final_layer.linear.weight", 2)[0] // patch**2,
        "num_layers": len({name.split(".")[1] for name in shapes if name.startswith("blocks.")}),
        "sample_size": grid * patch,
        "patch_size": patch,
        "num_embeds_ada_norm": shape_of(where, shapes, "y_embedder.embedding_table.weight", 2)[0] - 1,
    }
    try:
        return DiTConfig(**sizes, norm_eps=1e-6, frequency_shift=0.0)
    except ValueError as error:
        raise RecipeError(f"{where}: {error.args[0]}") from error


def paper_dit_names(weights: dict[str, Tensor], depth: int) -> dict[str, Tensor]:
    """The paper's names as ours. What diffusers keeps in every block is one tensor there, and stays one."""
    del weights["pos_embed"]  # sinusoids, which are never trained
    given: dict[str, Tensor] = {}
    for stored in list(weights):
        value, name = weights.pop(stored), stored
        if (found := _QKV.fullmatch(stored)) and splits(value):
            block = f"transformer_blocks.{found[1]}.attn1"
            parts = zip("qkv", value.chunk(3), strict=True)
            given |= {f"{block}.to_{one}.{found[2]}": part for one, part in parts}
            continue
        for pattern, ours in _NAMES:
            name = re.sub("^" + pattern, ours, name)
        given |= {name.replace("*", str(i)): value for i in range(depth if "*" in name else 1)}
    return given
