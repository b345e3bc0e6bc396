"""First stages in files: folders of diffusers, and ``first_stage_model`` in the files of CompVis."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from superpose import Table
from superpose_networks.latent.autoencoder import AutoencoderShape
from superpose_networks.latent.settings import SILU, per_level, refuse_empty, settings

_DIFFUSERS = {
    "in_channels": 3, "out_channels": 3, "latent_channels": 4, "block_out_channels": (64,), "layers_per_block": 1,
    "down_block_types": ("DownEncoderBlock2D",), "up_block_types": ("UpDecoderBlock2D",), "norm_num_groups": 32,
    "mid_block_add_attention": True, "scaling_factor": 0.18215,
}  # fmt: skip
_KL = {"use_quant_conv": True, "use_post_quant_conv": True, "shift_factor": None}
_VQ = {"num_vq_embeddings": 256, "vq_embed_dim": None}
_FIXED = {
    "act_fn": SILU, "latents_mean": None, "latents_std": None, "norm_type": "group", "lookup_from_codebook": False,
    "addition_embed_type": None,
}  # fmt: skip

_DDCONFIG = {
    "in_channels": 3, "out_ch": 3, "ch": 128, "ch_mult": (1, 2, 4, 8), "num_res_blocks": 2, "attn_resolutions": (),
    "resolution": 256, "z_channels": 4, "attn_type": "vanilla",
}  # fmt: skip
_DDFIXED = {
    "attn_type": ("vanilla", "none", "vanilla-xformers"), "resamp_with_conv": True, "use_linear_attn": False,
    "tanh_out": False, "give_pre_end": False,
}  # fmt: skip


def diffusers_autoencoder(where: str, config: Mapping[str, object]) -> AutoencoderShape:
    """The first stage that a ``config.json`` of ``AutoencoderKL`` or ``VQModel`` describes.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    quantised = config.get("_class_name") == "VQModel"
    ignored = ("sample_size", "force_upcast")
    own = {**_DIFFUSERS, **(_VQ if quantised else _KL)}
    c = settings(where, config, own, _FIXED, ignored)
    for key, plain, attending in (
        ("down_block_types", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        ("up_block_types", "UpDecoderBlock2D", "AttnUpDecoderBlock2D"),
    ):
        settings(where, dict.fromkeys(c[key], True), {}, dict.fromkeys((plain, attending), True))
    refuse_empty(where, c, "in_channels", "out_channels", "latent_channels", "block_out_channels", "norm_num_groups")
    widths = tuple(c["block_out_channels"])
    down, up = (per_level(where, key, c[key], len(widths)) for key in ("down_block_types", "up_block_types"))
    return AutoencoderShape(
        in_channels=c["in_channels"],
        out_channels=c["out_channels"],
        inner=c["latent_channels"],
        latent=(c["vq_embed_dim"] or c["latent_channels"]) if quantised else c["latent_channels"],
        widths=widths,
        blocks=c["layers_per_block"],
        down=tuple(kind.startswith("Attn") for kind in down),
        up=tuple(kind.startswith("Attn") for kind in up),
        middle=c["mid_block_add_attention"],
        groups=c["norm_num_groups"],
        codes=c["num_vq_embeddings"] if quantised else None,
        quant=quantised or c["use_quant_conv"],
        post_quant=quantised or c["use_post_quant_conv"],
        scale=c["scaling_factor"],
        shift=0.0 if quantised else c["shift_factor"] or 0.0,
    )


def compvis_autoencoder(where: str, params: Mapping[str, object], scale: float) -> AutoencoderShape:
    """The first stage that ``first_stage_config.params`` describes.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    table = Table(where, params)
    dd = {key: value for key, value in table.table("ddconfig", {}).items() if key not in ("double_z", "dropout")}
    c = settings(f"{where}.ddconfig", dd, {**_DDCONFIG}, _DDFIXED)
    settings(f"{where}.ddconfig", {"attn_type": c["attn_type"]}, {}, _DDFIXED)
    refuse_empty(f"{where}.ddconfig", c, "in_channels", "out_ch", "ch", "ch_mult", "z_channels", "resolution")
    widths = tuple(c["ch"] * factor for factor in c["ch_mult"])
    attention = c["attn_type"] != "none"
    attends = tuple(attention and c["resolution"] // 2**level in c["attn_resolutions"] for level in range(len(widths)))
    return AutoencoderShape(
        in_channels=c["in_channels"],
        out_channels=c["out_ch"],
        inner=c["z_channels"],
        latent=table.whole("embed_dim", c["z_channels"]),
        widths=widths,
        blocks=c["num_res_blocks"],
        down=attends,
        up=attends[::-1],
        middle=attention,
        codes=None if table.get("n_embed") is None else table.whole("n_embed"),
        scale=scale,
    )


_COMPVIS = (
    (r"^(encoder|decoder)\.mid\.block_1\.", r"\1.mid_block.resnets.0."),
    (r"^(encoder|decoder)\.mid\.block_2\.", r"\1.mid_block.resnets.1."),
    (r"^(encoder|decoder)\.mid\.attn_1\.", r"\1.mid_block.attentions.0."),
    (r"^encoder\.down\.(\d+)\.", r"encoder.down_blocks.\1."),
    (r"^decoder\.up\.(\d+)\.", r"decoder.up_blocks.\1."),
    (r"\.block\.(\d+)\.", r".resnets.\1."),
    (r"\.attn\.(\d+)\.", r".attentions.\1."),
    (r"\.nin_shortcut\.", r".conv_shortcut."),
    (r"\.downsample\.conv\.", r".downsamplers.0.conv."),
    (r"\.upsample\.conv\.", r".upsamplers.0.conv."),
    (r"\.norm_out\.", r".conv_norm_out."),
    (r"(\.attentions\.\d+)\.norm\.", r"\1.group_norm."),
    (r"(\.attentions\.\d+)\.([qkv])\.", r"\1.to_\2."),
    (r"(\.attentions\.\d+)\.proj_out\.", r"\1.to_out.0."),
)
_UP = re.compile(r"^decoder\.up\.(\d+)")


def compvis_autoencoder_names(weights: Mapping[str, Tensor], levels: int) -> dict[str, Tensor]:
    """The same tensors by the names that `Autoencoder` has; what served training is left out."""
    renamed = {}
    for stored, value in weights.items():
        if stored.startswith("loss."):
            continue
        # The original counts the levels of its decoder from the full size.
        name = _UP.sub(lambda match: f"decoder.up.{levels - 1 - int(match[1])}", stored)
        for old, new in _COMPVIS:
            name = re.sub(old, new, name)
        renamed[name] = value
    return renamed
