"""A configuration is understood whole or refused, with the key, its value and what there is instead."""

from __future__ import annotations

from typing import Any

import pytest

from superpose_networks import UNet2DConfig

SMALL: dict[str, Any] = {
    "block_out_channels": [8, 16],
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "norm_num_groups": 4,
}


def test_a_writers_notes_are_not_keys() -> None:
    UNet2DConfig.from_mapping(SMALL | {"_class_name": "UNet2DModel", "_diffusers_version": "0.0.4"})


def test_early_block_names() -> None:
    early = {"down_block_types": ["UNetResDownBlock2D", "UNetResAttnDownBlock2D"]}
    assert UNet2DConfig.from_mapping(SMALL | early) == UNet2DConfig.from_mapping(SMALL)


@pytest.mark.parametrize(
    ("key", "value", "supported"),
    [
        ("_class_name", "UNet2DConditionModel", "'UNet2DModel'"),
        ("cross_attention_dim", 768, "the keys sample_size, in_channels"),
        ("act_fn", "prelu", "'silu', 'swish', 'mish', 'gelu', 'relu'"),
        ("act_fn", None, "'silu'"),
        ("time_embedding_type", "fourier", "'positional'"),
        ("down_block_types", ["SkipDownBlock2D", "DownBlock2D"], "a list of 'DownBlock2D', 'AttnDownBlock2D'"),
        ("up_block_types", ["UpBlock2D"], "2 of them, one for each of block_out_channels"),
        ("up_block_types", [], "a list of 'UpBlock2D'"),
        ("mid_block_type", "UNetMidBlock2DCrossAttn", "'UNetMidBlock2D', None"),
        ("resnet_time_scale_shift", "spatial", "'default', 'scale_shift'"),
        ("downsample_padding", 2, "0, 1"),
        ("class_embed_type", "projection", "None, 'timestep', 'identity'"),
        ("in_channels", 0, "whole numbers from 1"),
        ("layers_per_block", [1, 2], "whole numbers from 1"),
        ("norm_num_groups", None, "whole numbers from 1"),
        ("norm_num_groups", 3, "multiples of norm_num_groups = 3"),
        ("block_out_channels", 64, "a list of whole numbers"),
        ("attn_norm_num_groups", 5, "divisors of 16, or null"),
        ("attention_head_dim", 32, "at most the 16 channels it is cut from"),
        ("freq_shift", 4, "numbers below 4"),
        ("norm_eps", "tiny", "numbers from 0"),
        ("add_attention", "yes", "False, True"),
    ],
)
def test_refusals_name_key_value_and_choices(key: str, value: object, supported: str) -> None:
    with pytest.raises(ValueError, match="U-Net configuration") as caught:
        UNet2DConfig.from_mapping(SMALL | {key: value})
    message = str(caught.value)
    assert message.count("\n") == 0
    named = "block_out_channels" if key == "norm_num_groups" and value == 3 else key
    assert f"{named} = " in message
    assert supported in message


def test_heads_are_checked_only_where_there_is_attention() -> None:
    plain = {"down_block_types": ["DownBlock2D"] * 2, "up_block_types": ["UpBlock2D"] * 2, "add_attention": False}
    UNet2DConfig.from_mapping(SMALL | plain | {"attention_head_dim": 32})
