"""Text encoders in files: read off a configuration or off shapes, by names that are the network's own."""

import re

import pytest
import torch

from superpose import RecipeError
from superpose_networks import assign
from superpose_networks.latent import TextEncoder, clip_config, text_layout, text_names, text_shape

WORDS, LENGTH, INNER = 11, 5, 6


def clip(width, layers):
    """Shapes of CLIP, by the names of transformers."""
    at = "transformer.text_model."
    shapes = {
        f"{at}embeddings.token_embedding.weight": (WORDS, width),
        f"{at}embeddings.position_embedding.weight": (LENGTH, width),
        f"{at}embeddings.position_ids": (1, LENGTH),
    }
    for i in range(layers):
        block = f"{at}encoder.layers.{i}."
        for one in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"):
            shapes |= {f"{block}{one}.weight": (width, width), f"{block}{one}.bias": (width,)}
        shapes |= {f"{block}mlp.fc1.weight": (INNER, width), f"{block}mlp.fc1.bias": (INNER,)}
        shapes |= {f"{block}mlp.fc2.weight": (width, INNER), f"{block}mlp.fc2.bias": (width,)}
        shapes |= {f"{block}layer_norm{n}.{part}": (width,) for n in (1, 2) for part in ("weight", "bias")}
    return shapes | {f"{at}final_layer_norm.{part}": (width,) for part in ("weight", "bias")}


def openclip(width, layers):
    """Shapes of OpenCLIP."""
    shapes = {"model.token_embedding.weight": (WORDS, width), "model.positional_embedding": (LENGTH, width)}
    for i in range(layers):
        block = f"model.transformer.resblocks.{i}."
        shapes |= {f"{block}attn.in_proj_weight": (3 * width, width), f"{block}attn.in_proj_bias": (3 * width,)}
        shapes |= {f"{block}attn.out_proj.weight": (width, width), f"{block}attn.out_proj.bias": (width,)}
        shapes |= {f"{block}mlp.c_fc.weight": (INNER, width), f"{block}mlp.c_fc.bias": (INNER,)}
        shapes |= {f"{block}mlp.c_proj.weight": (width, INNER), f"{block}mlp.c_proj.bias": (width,)}
        shapes |= {f"{block}ln_{n}.{part}": (width,) for n in (1, 2) for part in ("weight", "bias")}
    shapes |= {f"model.ln_final.{part}": (width,) for part in ("weight", "bias")}
    return shapes | {"model.text_projection": (width, width), "model.logit_scale": (), "model.attn_mask": (5, 5)}


def ldm(width, layers):
    """Shapes of the encoder of LDM's text-to-image model: attention and feed-forward are layers in turn."""
    shapes = {"transformer.token_emb.weight": (WORDS, width), "transformer.pos_emb.emb.weight": (LENGTH, width)}
    for i in range(layers):
        attention, wide = (f"transformer.attn_layers.layers.{2 * i + odd}." for odd in (0, 1))
        shapes |= {f"{block}0.{part}": (width,) for block in (attention, wide) for part in ("weight", "bias")}
        shapes |= {f"{attention}1.to_{one}.weight": (512, width) for one in "qkv"}
        shapes |= {f"{attention}1.to_out.weight": (width, 512), f"{attention}1.to_out.bias": (width,)}
        shapes |= {f"{wide}1.net.0.0.weight": (INNER, width), f"{wide}1.net.0.0.bias": (INNER,)}
        shapes |= {f"{wide}1.net.2.weight": (width, INNER), f"{wide}1.net.2.bias": (width,)}
    return shapes | {f"transformer.norm.{part}": (width,) for part in ("weight", "bias")}


FILES = {"clip": clip, "openclip": openclip, "ldm": ldm}


@pytest.mark.parametrize("penultimate", [False, True])
@pytest.mark.parametrize("layout", FILES)
def test_a_files_tensors_are_all_that_the_network_read_off_its_shapes_has(layout, penultimate):
    shapes = FILES[layout](128, 3)
    assert text_layout("f", shapes) == layout
    shape = text_shape("f", shapes, penultimate)
    assert (shape.words, shape.length, shape.width, shape.inner) == (WORDS, LENGTH, 128, INNER)
    assert shape.layers == (2 if penultimate and layout == "openclip" else 3)
    assert (shape.heads, shape.head_width) == ((8, 64) if layout == "ldm" else (2, 64))
    assert shape.causal == (layout != "ldm")
    generator = torch.Generator().manual_seed(0)
    stored = {name: torch.randn(size, generator=generator) for name, size in shapes.items()}
    named = text_names(layout, stored, shape.layers)
    network = TextEncoder(shape)
    assign(network, dict(named), "f")  # each is there, of its shape, and none is left


def test_joined_rows_of_openclip_are_q_k_and_v():
    stored = {"model.transformer.resblocks.0.attn.in_proj_bias": torch.arange(6.0)}
    named = text_names("openclip", stored, 1)
    assert {name[-9:]: value.tolist() for name, value in named.items()} == {
        "to_q.bias": [0, 1], "to_k.bias": [2, 3], "to_v.bias": [4, 5],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"transformer.wte.weight": (3, 4)}, "f: its text encoder is not known; known have a cond_stage_model.* that"),
        ({"model.token_embedding.weight": (3, 4)}, "f: its text encoder has no tensor named"),
        (openclip(128, 1) | {"model.positional_embedding": (5,)}, "must have 2 sizes other than 0"),
    ],
)
def test_what_is_no_text_encoder_is_told(shapes, says):
    with pytest.raises(RecipeError, match=re.escape(says)):
        text_shape("f", shapes, penultimate=False)


def test_a_configuration_of_clip_is_read_and_keys_of_its_other_half_are_passed_over():
    config = {"hidden_size": 12, "num_attention_heads": 3, "hidden_act": "gelu", "projection_dim": 7, "model_type": "x"}
    shape = clip_config("c", config)
    assert (shape.width, shape.heads, shape.head_width, shape.activation) == (12, 3, 4, "gelu")
    assert (shape.words, shape.length, shape.layers, shape.inner) == (49408, 77, 12, 2048)
    assert shape.causal
    assert shape.bias


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"hidden_act": "relu"}, "c: hidden_act = 'relu' is not supported; supported: 'quick_gelu', 'gelu'"),
        ({"num_attention_heads": 0}, "c: 0 attention heads do not share 512 channels"),
        ({"num_attention_heads": 7}, "c: 7 attention heads do not share 512 features evenly"),
        ({"vocab_size": 0}, "c: vocab_size = 0 is not supported"),
        ({"hidden_size": "512"}, "c: hidden_size = '512' is not supported"),
    ],
)
def test_unsupported_encoders_are_refused(config, says):
    with pytest.raises(RecipeError, match=re.escape(says)):
        clip_config("c", config)
