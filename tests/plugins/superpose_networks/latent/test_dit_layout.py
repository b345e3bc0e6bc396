"""Diffusion transformers in files: of diffusers' configuration, or read off the paper's shapes, or refused."""

import re

import pytest
import torch

from superpose import RecipeError
from superpose_networks.latent import DiTConfig, diffusers_dit, paper_dit, paper_dit_names

SHAPES = {
    "x_embedder.proj.weight": (384, 4, 2, 2),
    "pos_embed": (1, 256, 384),
    "y_embedder.embedding_table.weight": (1001, 384),
    "final_layer.linear.weight": (32, 384),
    "blocks.0.attn.qkv.weight": (1152, 384),
    "blocks.1.attn.qkv.weight": (1152, 384),
}


def test_a_configuration_of_diffusers_is_read_with_its_defaults():
    config = {"_class_name": "DiTTransformer2DModel", "num_layers": 2, "dropout": 0.1, "norm_type": "ada_norm_zero"}
    assert diffusers_dit("c", config) == DiTConfig(num_layers=2)
    assert diffusers_dit("c", config).frequency_shift == 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"norm_type": "layer_norm"}, "c: norm_type = 'layer_norm' is not supported; supported: 'ada_norm_zero'"),
        ({"patch_size": 3}, "c: 1152 features and patches of 3 on 32 are not supported"),
        ({"patch_size": 0}, "c: patch_size = 0 is not supported"),
        ({"colours": 3}, "c: colours = 3 is not known"),
        ({"num_layers": "2"}, "c: num_layers = '2' is not supported; supported: a whole number from 0"),
    ],
)
def test_configurations_that_are_none_are_refused_with_their_file(config, says):
    with pytest.raises(RecipeError, match=re.escape(says)):
        diffusers_dit("c", config)


def test_a_network_of_the_paper_is_read_off_its_shapes():
    config = paper_dit("f", SHAPES, None)
    assert (config.num_attention_heads, config.attention_head_dim, config.num_layers) == (6, 64, 2)
    assert (config.sample_size, config.patch_size, config.in_channels, config.out_channels) == (32, 2, 4, 8)
    assert (config.num_embeds_ada_norm, config.norm_eps, config.frequency_shift) == (1000, 1e-6, 0.0)
    assert paper_dit("f", SHAPES, 12).attention_head_dim == 32


@pytest.mark.parametrize(
    ("changes", "heads", "says"),
    [
        ({"pos_embed": None}, None, "f is no diffusion transformer of the paper's code: no pos_embed among x_embedder"),
        ({"x_embedder.proj.weight": (100, 4, 2, 2)}, None, "f is 100 wide; how many heads it has can't be seen in it"),
        ({}, 7, "f is 384 wide; how many heads it has can't be seen in it: write heads = a divisor"),
        ({"x_embedder.proj.weight": (6, 4, 2, 2)}, 1, "f: 6 features and patches of 2 on 32 are not supported"),
        ({"pos_embed": (1, 5, 384)}, None, "f has places for 5 patches, and images are square"),
        ({"pos_embed": (256, 384)}, None, "must have 3 sizes"),
        ({"blocks.0.attn.qkv.weight": None, "blocks.1.attn.qkv.weight": None}, None, "f: num_layers = 0 is not supp"),
    ],
)
def test_files_that_are_none_are_refused(changes, heads, says):
    shapes = {name: shape for name, shape in (SHAPES | changes).items() if shape is not None}
    with pytest.raises(RecipeError, match=re.escape(says)):
        paper_dit("f", shapes, heads)


def test_what_diffusers_keeps_in_every_block_is_one_tensor():
    time, qkv = torch.zeros(3), torch.arange(6.0)
    stored = {
        "pos_embed": torch.zeros(1), "t_embedder.mlp.0.bias": time, "blocks.10.attn.qkv.bias": qkv,
        "blocks.2.mlp.fc1.weight": torch.zeros(1), "final_layer.linear.bias": torch.zeros(2),
    }  # fmt: skip
    named = paper_dit_names(stored, 3)
    assert stored == {}
    block = "transformer_blocks.{}.norm1.emb.timestep_embedder.linear_1.bias"
    assert [named.pop(block.format(i)) is time for i in range(3)] == [True] * 3
    parts = {name: value.tolist() for name, value in named.items() if ".attn1." in name}
    assert parts == {
        f"transformer_blocks.10.attn1.to_{one}.bias": [2.0 * i, 2.0 * i + 1] for i, one in enumerate("qkv")
    }
    assert {"transformer_blocks.2.ff.net.0.proj.weight", "proj_out_2.bias"} <= set(named)
    assert len(named) == 5
