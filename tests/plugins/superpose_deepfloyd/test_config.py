"""Configurations of IF's networks: understood, idle or refused by name, and what follows from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose_deepfloyd.config import IDLE, IFConfig

FIRST = Path(__file__).parents[2] / "fixtures" / "df_f_if_stage1" / "pipeline"
SMALL = json.loads((FIRST / "unet" / "config.json").read_text())


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"attention_head_dim": 7}, "attention_head_dim = 7 is not supported; supported: divisors of the 32 channels"),
        ({"block_out_channels": [16, 20]}, "multiples of norm_num_groups = 8"),
        ({"block_out_channels": "wide"}, "block_out_channels = 'wide'"),
        ({"layers_per_block": [1]}, "a value for each of block_out_channels"),
        ({"down_block_types": ["CrossAttnDownBlock2D"] * 2}, "supported: 'ResnetDownsampleBlock2D', 'SimpleCross"),
        ({"addition_embed_type": "text_image"}, "addition_embed_type = 'text_image' is not supported; supported: 'te"),
        ({"addition_embed_type_num_heads": 5}, "divisors of the text's 32"),
        ({"cross_attention_dim": 48}, "cross_attention_dim = 48 is not supported; supported: multiples of 32"),
        ({"cross_attention_norm": "layer_norm"}, "cross_attention_norm = 'layer_norm' is not supported"),
        ({"time_cond_proj_dim": 64}, "time_cond_proj_dim = 64 is not supported; supported: None"),
        ({"act_fn": "tanh"}, "act_fn = 'tanh' is not supported; supported: 'silu'"),
        ({"sample_size": 0}, "sample_size = 0 is not supported; supported: whole numbers from 1"),
        ({"in_channels": True}, "in_channels = True"),
        ({"only_cross_attention": 1}, "only_cross_attention = "),
        ({"freq_shift": 8}, "freq_shift = 8 is not supported"),
        ({"of_tomorrow": 1}, "of_tomorrow = 1 is not supported; supported: the keys sample_size, in_channels"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_configurations_that_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="IF configuration: ") as raised:
        IFConfig.from_mapping(SMALL | values)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("key", ["sample_size", "down_block_types", "addition_embed_type", "mid_block_type"])
def test_configurations_that_lack_something(key: str) -> None:
    with pytest.raises(ValueError, match=key):
        IFConfig.from_mapping({name: value for name, value in SMALL.items() if name != key})


@given(st.dictionaries(st.sampled_from(IDLE), st.integers() | st.none() | st.text(max_size=3)))
def test_keys_of_other_families_change_nothing(idle: dict[str, Any]) -> None:
    assert IFConfig.from_mapping(SMALL | idle) == IFConfig.from_mapping(SMALL)
    assert IFConfig.from_mapping(SMALL | {"_note": idle}) == IFConfig.from_mapping(SMALL), "a note of the writer's"


@pytest.mark.parametrize("key", ["layers_per_block", "attention_head_dim", "only_cross_attention"])
def test_one_value_stands_for_all_levels(key: str) -> None:
    levels = len(SMALL["block_out_channels"])
    [one] = {*np.ravel(getattr(IFConfig.from_mapping(SMALL), key)).tolist()}
    assert IFConfig.from_mapping(SMALL | {key: one}) == IFConfig.from_mapping(SMALL | {key: [one] * levels})


def test_widths_that_follow() -> None:
    config = IFConfig.from_mapping(SMALL | {"time_embedding_dim": None, "encoder_hid_dim": None})
    assert config.time_width == 4 * config.block_out_channels[0]
    assert config.text_width == config.cross_attention_dim
    told = IFConfig.from_mapping(SMALL | {"time_embedding_dim": 24, "encoder_hid_dim": 64})
    assert (told.time_width, told.text_width) == (24, 64)
