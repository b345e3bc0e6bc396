"""U-Nets of latents are those of diffusers, in any configuration."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaken import shaken
from superpose_networks import assign, ready
from superpose_networks.latent import (
    LatentUNet,
    diffusers_unet,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

levels_of = st.integers(1, 3)


def close(got: torch.Tensor, want: torch.Tensor) -> None:
    off = float((got - want).abs().max() / want.abs().max())
    assert off <= 1e-5, f"off by {off:.1e} of the largest value"


@st.composite
def unets(draw: st.DrawFn) -> dict[str, Any]:
    levels, groups = draw(levels_of), draw(st.sampled_from([1, 2, 4]))
    attends = draw(st.lists(st.booleans(), min_size=levels, max_size=levels))

    def one_or_each(choices: Any) -> Any:
        return draw(st.one_of(choices, st.lists(choices, min_size=levels, max_size=levels)))

    return {
        "in_channels": draw(st.integers(1, 5)),
        "out_channels": draw(st.integers(1, 4)),
        "block_out_channels": [8 * draw(st.integers(1, 2)) for _ in range(levels)],
        "layers_per_block": one_or_each(st.integers(1, 2)),
        "norm_num_groups": groups,
        "norm_eps": draw(st.sampled_from([1e-5, 1e-6])),
        "down_block_types": ["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in draw(st.permutations(attends))],
        "mid_block_type": draw(st.sampled_from(["UNetMidBlock2DCrossAttn", None])),
        "attention_head_dim": one_or_each(st.sampled_from([1, 2, 4])),
        "cross_attention_dim": draw(st.sampled_from([3, 8])),
        "transformer_layers_per_block": one_or_each(st.integers(1, 2)),
        "only_cross_attention": one_or_each(st.booleans()),
        "use_linear_projection": draw(st.booleans()),
        "upcast_attention": draw(st.booleans()),
        "num_class_embeds": draw(st.sampled_from([None, 5])),
        "resnet_time_scale_shift": draw(st.sampled_from(["default", "scale_shift"])),
        "flip_sin_to_cos": draw(st.booleans()),
        "freq_shift": draw(st.integers(0, 1)),
        "downsample_padding": draw(st.integers(0, 1)),
        "mid_block_scale_factor": draw(st.sampled_from([1, 1.5])),
    }


@settings(max_examples=20, deadline=None)
@given(config=unets(), words=st.integers(1, 5), seed=st.integers(0, 99))
def test_unets_are_those_of_diffusers(config, words, seed) -> None:
    theirs = shaken(diffusers.UNet2DConditionModel(**config), seed)
    ours = LatentUNet(diffusers_unet("a test", dict(theirs.config)))
    assign(ours, theirs.state_dict(), "diffusers")
    torch.manual_seed(seed)
    x, context = torch.randn(2, config["in_channels"], 8, 12), torch.randn(2, words, config["cross_attention_dim"])
    t = torch.tensor([3.0, 801.25])
    labels = None if config["num_class_embeds"] is None else torch.tensor([0, 4])
    with torch.no_grad():
        close(ready(ours)(x, t, context, labels), theirs(x, t, context, labels).sample)
