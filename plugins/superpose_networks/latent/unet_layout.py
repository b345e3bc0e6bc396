"""U-Nets in files: folders of diffusers, and ``model.diffusion_model`` in the files of CompVis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from superpose import RecipeError
from superpose_networks import openai_names
from superpose_networks.latent.settings import SILU, head_width, per_level, refuse_empty, settings
from superpose_networks.latent.unet import Attends, UNetShape

_DIFFUSERS = {
    "in_channels": 4, "out_channels": 4, "flip_sin_to_cos": True, "freq_shift": 0.0,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), "mid_block_type": "UNetMidBlock2DCrossAttn",
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3, "only_cross_attention": False,
    "block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "downsample_padding": 1,
    "mid_block_scale_factor": 1.0, "norm_num_groups": 32, "norm_eps": 1e-5,
    "cross_attention_dim": 1280, "transformer_layers_per_block": 1, "attention_head_dim": 8, "num_class_embeds": None,
    "resnet_time_scale_shift": "default", "time_embedding_dim": None,
}  # fmt: skip
#: Residual blocks of each middle.
_MIDDLE = {"UNetMidBlock2DCrossAttn": 2, "UNetMidBlock2D": 1, None: 0}
_DIFFUSERS_FIXED = {
    "center_input_sample": False, "act_fn": SILU, "num_attention_heads": None, "dual_cross_attention": False,
    "class_embed_type": None,
    "addition_embed_type": None, "encoder_hid_dim": None, "encoder_hid_dim_type": None, "resnet_skip_time_act": False,
    "reverse_transformer_layers_per_block": None, "time_embedding_type": "positional", "time_embedding_act_fn": None,
    "timestep_post_act": None, "time_cond_proj_dim": None, "conv_in_kernel": 3, "conv_out_kernel": 3,
    "class_embeddings_concat": False, "cross_attention_norm": None, "attention_type": "default",
}  # fmt: skip
#: What diffusers keeps there is read by networks that are refused, or changes nothing: a matrix is a 1x1 convolution,
#: attention computes its scores in float32 wherever half precision would not do, and a scale of residual sums is handed
#: to blocks alone that are not among these.
_DIFFUSERS_IGNORED = (
    "sample_size", "dropout", "use_linear_projection", "upcast_attention", "addition_time_embed_dim",
    "projection_class_embeddings_input_dim", "mid_block_only_cross_attention", "addition_embed_type_num_heads",
    "resnet_out_scale_factor",
)  # fmt: skip
_DIFFUSERS_LEVELS = (
    "layers_per_block", "attention_head_dim", "cross_attention_dim", "transformer_layers_per_block",
    "only_cross_attention",
)  # fmt: skip

_COMPVIS = {
    "in_channels": 4, "model_channels": 320, "out_channels": 4, "num_res_blocks": 2, "attention_resolutions": (),
    "channel_mult": (1, 2, 4, 8), "num_classes": None, "num_heads": -1, "num_head_channels": -1,
    "use_scale_shift_norm": False, "resblock_updown": False, "use_new_attention_order": False,
    "use_spatial_transformer": False, "transformer_depth": 1, "context_dim": None, "legacy": True,
    "disable_self_attentions": None,
}  # fmt: skip
_COMPVIS_FIXED = {
    "conv_resample": True, "dims": 2, "n_embed": None, "num_heads_upsample": -1, "disable_middle_self_attn": False,
    "num_attention_blocks": None, "adm_in_channels": None,
}  # fmt: skip
_COMPVIS_IGNORED = (
    "image_size", "dropout", "use_checkpoint", "use_fp16", "use_bf16", "use_linear_in_transformer",
    "spatial_transformer_attn_type",
)  # fmt: skip
_COMPVIS_LEVELS = ("num_res_blocks", "disable_self_attentions")


def diffusers_unet(where: str, config: Mapping[str, object]) -> UNetShape:
    """The U-Net that a ``config.json`` of ``UNet2DConditionModel`` describes.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    c = settings(where, config, _DIFFUSERS, _DIFFUSERS_FIXED, _DIFFUSERS_IGNORED, _DIFFUSERS_LEVELS)
    for key, supported in (
        ("mid_block_type", tuple(_MIDDLE)),
        ("resnet_time_scale_shift", ("default", "scale_shift")),
    ):
        settings(where, {key: c[key]}, {}, {key: supported})
    refuse_empty(where, c, "in_channels", "out_channels", "block_out_channels", "norm_num_groups")
    widths = tuple(c["block_out_channels"])
    levels = len(widths)

    def each(key: str) -> tuple[Any, ...]:
        return per_level(where, key, c[key], levels)

    # attention_head_dim is the NUMBER of heads: a misnomer that diffusers keeps for the files that have it.
    heads, contexts, only = each("attention_head_dim"), each("cross_attention_dim"), each("only_cross_attention")
    depths = each("transformer_layers_per_block")

    if 0 in heads:
        raise RecipeError(f"{where}: attention_head_dim = {c['attention_head_dim']!r} is not supported: heads from 1")

    def attends(kind: str, plain: str, level: int) -> Attends | None:
        if kind not in (plain, f"CrossAttn{plain}"):
            raise RecipeError(f"{where}: a block {kind!r} is not supported; supported: {plain!r}, 'CrossAttn{plain}'")
        return attention(level, only[level]) if kind != plain else None

    def attention(level: int, only_context: bool) -> Attends:
        return Attends(
            heads=heads[level],
            width=head_width(where, widths[level], heads[level]),
            depth=depths[level],
            context=contexts[level],
            only_context=only_context,
        )

    up = tuple(zip(each("up_block_types"), range(levels - 1, -1, -1), strict=True))
    return UNetShape(
        in_channels=c["in_channels"],
        out_channels=c["out_channels"],
        widths=widths,
        blocks=each("layers_per_block"),
        down=tuple(attends(kind, "DownBlock2D", level) for level, kind in enumerate(each("down_block_types"))),
        middle=attention(levels - 1, only_context=False) if c["mid_block_type"] == "UNetMidBlock2DCrossAttn" else None,
        up=tuple(attends(kind, "UpBlock2D", level) for kind, level in up),
        middle_blocks=_MIDDLE[c["mid_block_type"]],
        features=c["time_embedding_dim"] or 4 * widths[0],
        groups=c["norm_num_groups"],
        eps=c["norm_eps"],
        padding=c["downsample_padding"],
        scale_shift=c["resnet_time_scale_shift"] == "scale_shift",
        cosine_first=c["flip_sin_to_cos"],
        frequency_shift=c["freq_shift"],
        classes=c["num_class_embeds"],
        middle_scale=c["mid_block_scale_factor"],
    )


def compvis_unet(where: str, params: Mapping[str, object]) -> UNetShape:
    """The U-Net that ``unet_config.params`` describes.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    c = settings(where, params, _COMPVIS, _COMPVIS_FIXED, _COMPVIS_IGNORED, _COMPVIS_LEVELS)
    refuse_empty(where, c, "in_channels", "out_channels", "model_channels", "channel_mult")
    levels = len(c["channel_mult"])
    widths = tuple(c["model_channels"] * factor for factor in c["channel_mult"])
    only = per_level(where, "disable_self_attentions", c["disable_self_attentions"] or False, levels)
    if 0 in (c["num_heads"], c["num_head_channels"]) or c["num_heads"] == c["num_head_channels"] == -1:
        raise RecipeError(f"{where}: the number of attention heads is missing: write num_heads or num_head_channels")

    def attends(level: int, only_context: bool) -> Attends:
        channels, width = widths[level], c["num_head_channels"]
        heads = c["num_heads"] if width == -1 else channels // width
        shared = head_width(where, channels, heads)
        if width == -1 or (c["legacy"] and c["use_spatial_transformer"]):
            width = shared
        depth = c["transformer_depth"] if c["use_spatial_transformer"] else 0
        context = c["context_dim"] if c["use_spatial_transformer"] else None
        return Attends(heads=heads, width=width, depth=depth, context=context, only_context=only_context)

    down = tuple(
        attends(level, only[level]) if 2**level in c["attention_resolutions"] else None for level in range(levels)
    )
    return UNetShape(
        in_channels=c["in_channels"],
        out_channels=c["out_channels"],
        widths=widths,
        blocks=per_level(where, "num_res_blocks", c["num_res_blocks"], levels),
        down=down,
        middle=attends(levels - 1, only_context=False),
        up=down[::-1],
        features=4 * c["model_channels"],
        residual_resampling=c["resblock_updown"],
        scale_shift=c["use_scale_shift_norm"],
        classes=c["num_classes"],
    )


def compvis_unet_names(weights: dict[str, Tensor], shape: UNetShape, new_order: bool) -> dict[str, Tensor]:
    """The same tensors by the names that `LatentUNet` has.

    Arguments:
        weights: Tensors by the names after ``model.diffusion_model.``; emptied.
        shape: Of the network.
        new_order: ``use_new_attention_order``: how the rows of joined attention matrices are ordered.
    """

    def heads(place: str, channels: int) -> int:
        part, level = place.split(".")[:2]
        way = {"down_blocks": shape.down, "up_blocks": shape.up}.get(part)
        attends = shape.middle if way is None else way[int(level)]
        return channels // attends.width if attends else 1

    return openai_names(weights, shape.blocks, order="new" if new_order else "legacy", heads=heads)
