"""Text encoders in files: CLIP as transformers writes it, OpenCLIP, and the encoder of LDM's text-to-image model."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from superpose import RecipeError
from superpose_networks.latent.settings import head_width, refuse_empty, settings
from superpose_networks.latent.text import ACTIVATIONS, TextShape
from superpose_networks.openai_names import splits
from superpose_networks.shapes import shape_of

_CLIP = {
    "vocab_size": 49408, "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12,
    "num_attention_heads": 8, "max_position_embeddings": 77, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
}  # fmt: skip

Shapes = Mapping[str, tuple[int, ...]]


def clip_config(where: str, config: Mapping[str, object]) -> TextShape:
    """The encoder that a ``config.json`` of ``CLIPTextModel`` describes.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    c = settings(where, {key: config[key] for key in _CLIP if key in config}, _CLIP, {})
    settings(where, {"hidden_act": c["hidden_act"]}, {}, {"hidden_act": tuple(ACTIVATIONS)})
    refuse_empty(where, c, "vocab_size", "hidden_size", "intermediate_size", "max_position_embeddings")
    width, heads = c["hidden_size"], c["num_attention_heads"]
    head = head_width(where, width, heads)
    if width != heads * head:
        raise RecipeError(f"{where}: {heads} attention heads do not share {width} features evenly")
    return TextShape(
        words=c["vocab_size"],
        length=c["max_position_embeddings"],
        width=width,
        layers=c["num_hidden_layers"],
        heads=heads,
        head_width=head,
        inner=c["intermediate_size"],
        activation=c["hidden_act"],
        eps=c["layer_norm_eps"],
    )


def text_shape(where: str, shapes: Shapes, penultimate: bool) -> TextShape:
    """The encoder of a single file, read off the shapes of its tensors.

    Arguments:
        where: The file, for the message.
        shapes: By the names after ``cond_stage_model.``.
        penultimate: Whether OpenCLIP's last layer is left out, as all of Stable Diffusion 2 does.

    Raises:
        RecipeError: If this is no text encoder that we know.
    """
    layout = text_layout(where, shapes)
    inner = _first(where, shapes, r"(mlp\.fc1|mlp\.c_fc|\.net\.0\.0)\.weight$")
    # Counted, not the highest: a number that a damaged name has may be any.
    count = len({found[1] for name in shapes if (found := re.search(r"(?:layers|resblocks)\.(\d+)\.", name))})
    match layout:
        case "clip":
            places = _first(where, shapes, r"embeddings\.position_embedding\.weight$")
            layers = count
        case "openclip":
            places, layers = "model.positional_embedding", count - penultimate
        case _:
            places, layers = "transformer.pos_emb.emb.weight", count // 2
    length, width = shape_of(where, shapes, places, 2)
    words, _ = shape_of(where, shapes, _first(where, shapes, r"token_emb(edding)?\.weight$"), 2)
    # Heads cannot be seen in a file. CLIP's are 64 wide in every one that was published; LDM's encoder has 8 of 64.
    heads = 8 if layout == "ldm" else max(1, width // 64)
    return TextShape(
        words=words,
        length=length,
        width=width,
        layers=layers,
        heads=heads,
        head_width=64 if layout == "ldm" else width // heads,
        inner=shape_of(where, shapes, inner, 2)[0],
        activation="quick_gelu" if layout == "clip" else "gelu",
        causal=layout != "ldm",
        bias=layout != "ldm",
    )


def _first(where: str, shapes: Shapes, ending: str) -> str:
    for name in shapes:
        if re.search(ending, name):
            return name
    raise RecipeError(f"{where}: its text encoder has no tensor named {ending}")


def text_layout(where: str, shapes: Shapes) -> str:
    """Which encoder a single file has: "clip", "openclip" or "ldm".

    Raises:
        RecipeError: If it is none of them.
    """
    layouts = {
        "clip": "embeddings.token_embedding.weight",
        "openclip": "model.token_embedding.weight",
        "ldm": "transformer.token_emb.weight",
    }
    for layout, ending in layouts.items():
        if any(name.endswith(ending) for name in shapes):
            return layout
    raise RecipeError(
        f"{where}: its text encoder is not known; known have a cond_stage_model.* that ends in one of "
        + ", ".join(layouts.values())
    )


_NAMES = {
    "clip": (
        (r"^(transformer\.)?(text_model\.)?(embeddings\.|encoder\.)?", r""),
        (r"^final_layer_norm\.", r"final_norm."),
        (r"\.layer_norm([12])\.", r".norm\1."),
        (r"\.self_attn\.([qkv])_proj\.", r".attn.to_\1."),
        (r"\.self_attn\.out_proj\.", r".attn.to_out.0."),
        (r"\.mlp\.(fc[12])\.", r".\1."),
    ),
    "openclip": (
        (r"^model\.(transformer\.)?", r""),
        (r"^positional_embedding$", r"position_embedding.weight"),
        (r"^ln_final\.", r"final_norm."),
        (r"^resblocks\.", r"layers."),
        (r"\.ln_([12])\.", r".norm\1."),
        (r"\.attn\.out_proj\.", r".attn.to_out.0."),
        (r"\.mlp\.c_fc\.", r".fc1."),
        (r"\.mlp\.c_proj\.", r".fc2."),
    ),
    "ldm": (
        (r"^transformer\.(attn_layers\.)?", r""),
        (r"^token_emb\.", r"token_embedding."),
        (r"^pos_emb\.emb\.", r"position_embedding."),
        (r"^norm\.", r"final_norm."),
        (r"^(layers\.\d*[02468])\.0\.", r"\1.norm1."),
        (r"^(layers\.\d*[13579])\.0\.", r"\1.norm2."),
        (r"\.1\.to_out\.", r".attn.to_out.0."),
        (r"\.1\.to_", r".attn.to_"),
        (r"\.1\.net\.0\.0\.", r".fc1."),
        (r"\.1\.net\.2\.", r".fc2."),
    ),
}
#: What encoders have for other uses.
_UNUSED = re.compile(r"position_ids$|^model\.(text_projection|logit_scale|visual\.)|\.attn_mask$|to_logits\.|^tknz")


def text_names(layout: str, weights: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """The same tensors by the names that `TextEncoder` has; what serves no text, and layers past the last, left out."""
    renamed: dict[str, Tensor] = {}
    for stored, value in weights.items():
        if _UNUSED.search(stored):
            continue
        name = stored
        for old, new in _NAMES[layout]:
            name = re.sub(old, new, name)
        if found := re.match(r"layers\.(\d+)\.", name):
            layer = int(found[1]) // 2 if layout == "ldm" else int(found[1])
            if layer >= layers:
                continue
            name = f"layers.{layer}.{name[found.end() :]}"
        if ".attn.in_proj_" in name and splits(value):
            for part, piece in zip("qkv", torch.chunk(value, 3), strict=True):
                renamed[name.replace("in_proj_", f"to_{part}.")] = piece
        else:
            renamed[name] = value
    return renamed
