"""Networks are the published ones, whatever their configuration: compared with diffusers and transformers."""

from __future__ import annotations

import warnings

import pytest

from superpose import RecipeError
from superpose_networks.latent import (
    diffusers_unet,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"addition_embed_type": "text_time"}, "addition_embed_type = 'text_time' is not supported; supported: None"),
        ({"attention_head_dim": [5, 10]}, "has 2 entries, and there are 4 levels"),
        ({"down_block_types": ["SimpleCrossAttnDownBlock2D"] * 4}, "a block 'SimpleCrossAttnDownBlock2D' is not"),
        ({"act_fn": "tanh"}, "act_fn = 'tanh' is not supported"),
        ({"heads": 3}, "heads = 3 is not known"),
    ],
)
def test_unsupported_configurations_are_refused(config, says) -> None:
    with pytest.raises(RecipeError, match=says.replace("[", r"\[")):
        diffusers_unet("unet/config.json", config)
