"""Checkpoints of DDPM's port are U-Net folders by other names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from superpose import RecipeError
from superpose_ddpm.port_names import port_config, port_names, read_port
from superpose_networks import UNet2D, UNet2DConfig, assign

FIXTURE = Path(__file__).parents[2] / "fixtures" / "pd_a_ddpm_model" / "model.ckpt"

_PORT_WORDS = {
    "time_embedding.linear_1": "temb.dense.0", "time_embedding.linear_2": "temb.dense.1", "conv_norm_out": "norm_out",
    "mid_block.resnets.0": "mid.block_1", "mid_block.attentions.0": "mid.attn_1", "mid_block.resnets.1": "mid.block_2",
    "time_emb_proj": "temb_proj", "conv_shortcut": "nin_shortcut", "group_norm": "norm", "to_q": "q", "to_k": "k",
    "to_v": "v", "to_out.0": "proj_out", "resnets": "block", "attentions": "attn", "downsamplers.0": "downsample",
    "upsamplers.0": "upsample",
}  # fmt: skip


@settings(max_examples=15, deadline=None)
@drawn(attends=st.lists(st.booleans(), min_size=1, max_size=3), blocks=st.integers(1, 2), seed=st.integers(0, 99))
def test_the_port_is_a_folder_by_other_names(attends: list[bool], blocks: int, seed: int) -> None:
    torch.manual_seed(seed)
    widths = [32 * (i + 1) for i in range(len(attends))]
    config = UNet2DConfig(
        block_out_channels=tuple(widths), layers_per_block=blocks, attention_head_dim=None, norm_eps=1e-6,
        down_block_types=tuple("AttnDownBlock2D" if one else "DownBlock2D" for one in attends),
        up_block_types=tuple("AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)),
        flip_sin_to_cos=False, freq_shift=1, downsample_padding=0, sample_size=8,
    )  # fmt: skip
    network = UNet2D(config)
    file = {}
    for name, value in network.state_dict().items():
        old = name
        for i in range(len(widths)):
            old = old.replace(f"down_blocks.{i}.", f"down.{i}.").replace(
                f"up_blocks.{i}.", f"UP.{len(widths) - 1 - i}."
            )
        for ours, theirs in _PORT_WORDS.items():
            old = old.replace(ours, theirs) if "mid" in ours or "." in ours or ours in old else old
        matrix = any(part in old for part in (".q.w", ".k.w", ".v.w", ".proj_out.w"))
        file[old.replace("UP.", "up.")] = value[:, :, None, None] if matrix else value
    shapes = {name: tuple(value.shape) for name, value in file.items()}
    told = UNet2DConfig.from_mapping(port_config(shapes, Path("a file"), 8))
    assert told == config
    again = UNet2D(told)
    assign(again, port_names(file), "a file")
    assert all(torch.equal(again.state_dict()[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("temb.dense.1.bias", "time_embedding.linear_2.bias"),
        ("conv_in.weight", "conv_in.weight"),
        ("norm_out.bias", "conv_norm_out.bias"),
        ("down.1.block.0.temb_proj.weight", "down_blocks.1.resnets.0.time_emb_proj.weight"),
        ("down.0.block.1.norm1.weight", "down_blocks.0.resnets.1.norm1.weight"),
        ("down.1.attn.0.norm.weight", "down_blocks.1.attentions.0.group_norm.weight"),
        ("down.0.downsample.conv.bias", "down_blocks.0.downsamplers.0.conv.bias"),
        ("up.0.block.2.nin_shortcut.weight", "up_blocks.1.resnets.2.conv_shortcut.weight"),
        ("up.1.attn.2.proj_out.weight", "up_blocks.0.attentions.2.to_out.0.weight"),
        ("up.1.upsample.conv.weight", "up_blocks.0.upsamplers.0.conv.weight"),
        ("mid.block_2.conv2.weight", "mid_block.resnets.1.conv2.weight"),
        ("mid.attn_1.k.bias", "mid_block.attentions.0.to_k.bias"),
    ],
)
def test_a_name_is_that_of_a_folder(theirs: str, ours: str) -> None:
    """Of two levels; in these files the way up is counted from below, in a folder from where it begins."""
    levels = {"down.0.block.0.conv1.weight": torch.zeros(1), "down.1.block.0.conv1.weight": torch.zeros(1)}
    assert list(port_names({**levels, theirs: torch.ones(1)}))[-1] == ours


def test_no_weight_is_read_before_it_is_needed() -> None:
    config, network = read_port(FIXTURE, 16)
    assert config.sample_size == 16
    built = network.build() if hasattr(network, "build") else None
    assert built is None or isinstance(built, UNet2D)
    assert read_port(FIXTURE, None)[0].sample_size is None


def test_a_file_that_lacks_what_tells_its_layout_is_refused_by_its_name(tmp_path: Path) -> None:
    weights = torch.load(FIXTURE, weights_only=True)
    weights = weights[0] if isinstance(weights, list) else weights
    for name in ("conv_in.weight", "down.0.block.0.conv1.weight"):
        torch.save({key: value for key, value in weights.items() if key != name}, tmp_path / "model.ckpt")
        with pytest.raises(RecipeError, match=rf"model\.ckpt.*{name}"):
            read_port(tmp_path / "model.ckpt", 16)
