"""First stages in files: configurations that are read, and those that are refused."""

from __future__ import annotations

import pytest
import torch

from superpose import RecipeError
from superpose_networks.latent import compvis_autoencoder, compvis_autoencoder_names, diffusers_autoencoder


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"_class_name": "VQModel", "norm_type": "spatial"}, "norm_type = 'spatial' is not supported"),
        ({"latents_mean": [0.0]}, "latents_mean"),
        ({"down_block_types": ["DownBlock"]}, "DownBlock"),
        ({"block_out_channels": []}, "block_out_channels = .* is not supported"),
        ({"block_out_channels": [64, 64]}, "down_block_types = .* has 1 entries, and there are 2 levels"),
        ({"latent_channels": 0}, "latent_channels = 0 is not supported"),
    ],
)
def test_unsupported_first_stages_are_refused(config, says) -> None:
    with pytest.raises(RecipeError, match=says):
        diffusers_autoencoder("vae/config.json", config)


#: ``first_stage_config.params`` of Stable Diffusion.
COMPVIS = {
    "embed_dim": 4,
    "ddconfig": {"double_z": True, "ch_mult": [1, 2, 4, 4], "attn_resolutions": [], "dropout": 0.0},
}


def test_compvis_and_diffusers_describe_one_first_stage() -> None:
    widths = [128, 256, 512, 512]
    config = {
        "_class_name": "AutoencoderKL", "block_out_channels": widths, "layers_per_block": 2,
        "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
    }  # fmt: skip
    ours, theirs = compvis_autoencoder("x.yaml", COMPVIS, 0.18215), diffusers_autoencoder("vae/config.json", config)
    assert ours == theirs
    assert (ours.factor, ours.codes, ours.scale, ours.shift) == (8, None, 0.18215, 0.0)


def test_attention_is_at_the_resolutions_that_are_named_from_the_bottom_on_the_way_up() -> None:
    dd = COMPVIS["ddconfig"] | {"resolution": 64, "attn_resolutions": [32, 8]}
    shape = compvis_autoencoder("x.yaml", {"ddconfig": dd, "n_embed": 512}, 1.0)
    assert shape.down == (False, True, False, True)
    assert shape.up == (True, False, True, False)
    assert (shape.codes, shape.latent, shape.middle) == (512, 4, True)
    none = compvis_autoencoder("x.yaml", {"ddconfig": dd | {"attn_type": "none"}}, 1.0)
    assert (none.down, none.middle) == ((False,) * 4, False)


@pytest.mark.parametrize(
    ("dd", "says"),
    [
        ({"ch_mult": []}, r"ddconfig: ch_mult = \[\] is not supported"),
        ({"attn_type": "linear"}, "attn_type = 'linear' is not supported"),
        ({"tanh_out": True}, "tanh_out = True is not supported; supported: False"),
        ({"temporal": 3}, "temporal = 3 is not known"),
    ],
)
def test_unsupported_first_stages_of_compvis_are_refused(dd, says) -> None:
    with pytest.raises(RecipeError, match=says):
        compvis_autoencoder("x.yaml", {"ddconfig": COMPVIS["ddconfig"] | dd}, 1.0)


def test_names_of_compvis_are_those_of_the_network_with_the_decoder_counted_from_the_bottom() -> None:
    """Every tensor of a network has one, made from its own name by hand."""
    stored = {
        "encoder.down.0.block.1.nin_shortcut.weight": "encoder.down_blocks.0.resnets.1.conv_shortcut.weight",
        "encoder.down.1.attn.0.q.bias": "encoder.down_blocks.1.attentions.0.to_q.bias",
        "encoder.down.0.downsample.conv.weight": "encoder.down_blocks.0.downsamplers.0.conv.weight",
        "encoder.mid.attn_1.norm.weight": "encoder.mid_block.attentions.0.group_norm.weight",
        "decoder.mid.block_2.conv1.bias": "decoder.mid_block.resnets.1.conv1.bias",
        "decoder.up.0.block.2.norm2.bias": "decoder.up_blocks.2.resnets.2.norm2.bias",
        "decoder.up.2.upsample.conv.bias": "decoder.up_blocks.0.upsamplers.0.conv.bias",
        "decoder.up.1.attn.1.proj_out.weight": "decoder.up_blocks.1.attentions.1.to_out.0.weight",
        "decoder.norm_out.weight": "decoder.conv_norm_out.weight",
        "quant_conv.weight": "quant_conv.weight",
    }
    weights = {name: torch.zeros(1) for name in stored} | {"loss.discriminator.weight": torch.zeros(1)}
    assert list(compvis_autoencoder_names(weights, 3)) == list(stored.values())
