"""Single files: the networks that they were made from, with or without a configuration."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from compvis_files import clip_as_openclip, first_stage_as_compvis, unet_as_compvis
from superpose import RecipeError
from superpose_ldm.folder import read_folder
from superpose_ldm.single import SingleFile
from superpose_networks.latent import (
    Autoencoder,
    LatentUNet,
    TextEncoder,
    TextShape,
    compvis_autoencoder,
    compvis_unet,
    diffusers_autoencoder,
    diffusers_unet,
    text_names,
    text_shape,
)

with warnings.catch_warnings():  # what others warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
    from transformers import CLIPTextConfig, CLIPTextModel

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER = FIXTURES / "df_d_stable_diffusion" / "pipeline"
SINGLE = FIXTURES / "ldm_b_class_kl"


@settings(max_examples=10, deadline=None)
@given(
    attends=st.lists(st.booleans(), min_size=1, max_size=3), blocks=st.integers(1, 2), depth=st.integers(1, 2),
    embed=st.integers(1, 3), inner=st.integers(1, 3), attention=st.sampled_from(["vanilla", "none"]),
    resolutions=st.lists(st.sampled_from([8, 16])), words=st.sampled_from(["clip", "openclip"]),
    averaged=st.booleans(), extension=st.sampled_from(["safetensors", "ckpt"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_single_files_are_what_they_were_made_from(
    tmp_path_factory, attends, blocks, depth, embed, inner, attention, resolutions, words, averaged, extension, seed
) -> None:
    torch.manual_seed(seed)
    levels = len(attends)
    params = {
        "image_size": 8, "in_channels": embed, "out_channels": embed, "model_channels": 32, "num_res_blocks": blocks,
        "channel_mult": [1] * levels, "attention_resolutions": [2**i for i, one in enumerate(attends) if one],
        "num_heads": 4, "use_spatial_transformer": True, "transformer_depth": depth, "context_dim": 64,
    }  # fmt: skip
    dd = {
        "double_z": True, "z_channels": inner, "resolution": 16, "in_channels": 3, "out_ch": 3, "ch": 32,
        "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": resolutions, "dropout": 0.0, "attn_type": attention,
    }  # fmt: skip
    first_params = {"embed_dim": embed, "ddconfig": dd, "lossconfig": {"target": "torch.nn.Identity"}}
    unet = LatentUNet(compvis_unet("a test", params)).state_dict()
    first = Autoencoder(compvis_autoencoder("a test", first_params, 0.5)).state_dict()
    clip = CLIPTextModel(
        CLIPTextConfig(vocab_size=30, hidden_size=64, intermediate_size=8, num_hidden_layers=3, num_attention_heads=1)
    )
    text = {f"text_model.{name.removeprefix('text_model.')}": value for name, value in clip.state_dict().items()}
    numbered = unet_as_compvis(unet, levels, blocks, attends)
    file = {f"model.diffusion_model.{name}": value for name, value in numbered.items()}
    if averaged:
        file = {name: value + 1 for name, value in file.items()}
        file |= {f"model_ema.diffusion_model{name.replace('.', '')}": value for name, value in numbered.items()}
    file |= {f"first_stage_model.{name}": value for name, value in first_stage_as_compvis(first, 2).items()}
    named = clip_as_openclip(text) if words == "openclip" else text
    file |= {f"cond_stage_model.{'model' if words == 'openclip' else 'transformer'}.{k}": v for k, v in named.items()}
    encoder = {"clip": "FrozenCLIPEmbedder", "openclip": "FrozenOpenCLIPEmbedder"}[words]
    config = {"model": {"params": {
        "unet_config": {"params": params}, "first_stage_config": {"params": first_params}, "scale_factor": 0.5,
        "cond_stage_config": {"target": f"ldm.{encoder}", "params": {"layer": "penultimate"}}, "image_size": 8,
    }}}  # fmt: skip
    folder = tmp_path_factory.mktemp("single")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    path = folder / f"model.{extension}"
    if extension == "safetensors":
        save_file({name: value.contiguous().clone() for name, value in file.items()}, path)
    else:
        torch.save({"state_dict": file, "global_step": 3}, path)
    read = SingleFile(path=path, config=folder / "config.yaml", tokenizer=folder).read()
    assert read.shape(None) == (embed, 8, 8)
    assert read.image_shape(32) == (3, 32, 32)
    conditioning: Any = read.conditioning
    layers = 2 if words == "openclip" else 3
    expected = text_names("clip", text, layers)
    for part, want in ((read.unet, unet), (read.autoencoder, first), (conditioning.part, expected)):
        got = part.load("cpu", torch.float32).state_dict()
        wrong = [name for name in want if not torch.equal(got[name].reshape(want[name].shape), want[name])]
        assert got.keys() == want.keys(), f"{got.keys() ^ want.keys()}"
        assert not wrong, f"not as in the file: {wrong[:3]}"
    shape = conditioning.part.build().shape
    assert (shape.layers, shape.activation) == (layers, "quick_gelu" if words == "clip" else "gelu")


def test_numbered_files_are_as_diffusers_reads_them() -> None:
    params = {
        "in_channels": 4, "out_channels": 4, "model_channels": 32, "num_res_blocks": 2, "channel_mult": [1, 1, 1],
        "attention_resolutions": [1, 4], "num_heads": 4, "use_spatial_transformer": True, "context_dim": 8,
    }  # fmt: skip
    weights = LatentUNet(compvis_unet("a test", params)).state_dict()
    numbered = unet_as_compvis(weights, 3, 2, [True, False, True])
    config = {"layers_per_block": 2, "class_embed_type": None, "num_class_embeds": None}
    again = convert_ldm_unet_checkpoint({f"model.diffusion_model.{k}": v for k, v in numbered.items()}, config)
    assert again.keys() == weights.keys()
    assert all(torch.equal(again[name], value) for name, value in weights.items())


PUBLISHED = {"_class_name": "UNet2DConditionModel", "sample_size": 64, "act_fn": "silu", "center_input_sample": False}
VAE = {
    "block_out_channels": [128, 256, 512, 512], "latent_channels": 4, "layers_per_block": 2,
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4, "sample_size": 512,
}  # fmt: skip


@pytest.mark.parametrize(
    ("context", "prediction", "config"),
    [
        (768, None, {"cross_attention_dim": 768, "attention_head_dim": 8}),
        (
            1024,
            "v",
            {"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20], "use_linear_projection": True},
        ),
    ],
)
def test_stable_diffusion_is_known_without_its_yaml(context, prediction, config) -> None:
    read = SingleFile(path=Path("sd.ckpt"), prediction=prediction)
    shapes = {
        "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
        "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, context),
    }
    params = read._published(shapes)
    ours = compvis_unet("a test", params["unet_config"]["params"])
    assert ours == diffusers_unet("a test", {**PUBLISHED, **config})
    first = compvis_autoencoder("a test", params["first_stage_config"]["params"], params["scale_factor"])
    assert first == diffusers_autoencoder("a test", VAE)
    if context == 1024:
        with pytest.raises(RecipeError, match='does not say what it predicts: write prediction = "v"'):
            SingleFile(path=Path("sd.ckpt"))._published(shapes)


def test_words_of_ldm_see_each_other() -> None:
    """The encoder of LDM's text-to-image model, from its published formulas."""
    torch.manual_seed(0)
    width, words, heads = 12, 9, 8
    inner = heads * 64
    shapes = {
        "transformer.token_emb.weight": (20, width), "transformer.pos_emb.emb.weight": (words, width),
        "transformer.norm.weight": (width,), "transformer.norm.bias": (width,),
        "transformer.to_logits.weight": (20, width), "transformer.to_logits.bias": (20,),
    }  # fmt: skip
    for layer in range(4):
        place = f"transformer.attn_layers.layers.{layer}"
        shapes |= {f"{place}.0.weight": (width,), f"{place}.0.bias": (width,)}
        if layer % 2 == 0:
            shapes |= {f"{place}.1.to_{one}.weight": (inner, width) for one in "qkv"}
            shapes |= {f"{place}.1.to_out.weight": (width, inner), f"{place}.1.to_out.bias": (width,)}
        else:
            shapes |= {f"{place}.1.net.0.0.weight": (48, width), f"{place}.1.net.0.0.bias": (48,)}
            shapes |= {f"{place}.1.net.2.weight": (width, 48), f"{place}.1.net.2.bias": (width,)}
    w = {name.removeprefix("transformer."): torch.randn(shape) * 0.3 for name, shape in shapes.items()}
    shape = text_shape("a test", shapes, penultimate=False)
    assert shape == TextShape(words=20, length=words, width=width, layers=2, heads=8, head_width=64, inner=48,
                              activation="gelu", causal=False, bias=False)  # fmt: skip
    ours = TextEncoder(shape)
    ours.load_state_dict(text_names("ldm", {f"transformer.{name}": value for name, value in w.items()}, 2))
    tokens = torch.randint(0, 20, (2, words))
    f = torch.nn.functional
    x = w["token_emb.weight"][tokens] + w["pos_emb.emb.weight"]
    for layer in range(4):
        place = f"attn_layers.layers.{layer}"
        h = f.layer_norm(x, (width,), w[f"{place}.0.weight"], w[f"{place}.0.bias"])
        if layer % 2 == 0:
            q, k, v = (f.linear(h, w[f"{place}.1.to_{one}.weight"]).unflatten(-1, (heads, 64)) for one in "qkv")
            weight = (torch.einsum("bihd,bjhd->bhij", q, k) / 8).softmax(-1)
            seen = torch.einsum("bhij,bjhd->bihd", weight, v).flatten(2)
            x = x + f.linear(seen, w[f"{place}.1.to_out.weight"], w[f"{place}.1.to_out.bias"])
        else:
            h = f.gelu(f.linear(h, w[f"{place}.1.net.0.0.weight"], w[f"{place}.1.net.0.0.bias"]))
            x = x + f.linear(h, w[f"{place}.1.net.2.weight"], w[f"{place}.1.net.2.bias"])
    want = f.layer_norm(x, (width,), w["norm.weight"], w["norm.bias"])
    with torch.no_grad():
        assert (ours(tokens) - want).abs().max() <= 1e-5


def edited(tmp_path: Path, **params: Any) -> Path:
    config = yaml.safe_load((SINGLE / "config.yaml").read_text())
    config["model"]["params"] |= params
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path / "config.yaml"


def complaint(*arguments: Any, **options: Any) -> str:
    with pytest.raises(RecipeError) as caught:
        SingleFile(*arguments, **options).read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_single_file_of_text_needs_a_tokenizer(tmp_path) -> None:
    text = {"target": "ldm.modules.encoders.modules.FrozenCLIPEmbedder"}
    said = complaint(path=SINGLE / "model.ckpt", config=edited(tmp_path, cond_stage_config=text))
    assert "its text encoder is not known" in said


def test_parts_that_contradict_each_other(tmp_path) -> None:
    """A U-Net reads the words that there are and makes the latents that are decoded: told before weights are read."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "copy"))

    def folder_says(part: str, **changes: Any) -> str:
        file = folder / part / "config.json"
        kept = file.read_text()
        file.write_text(json.dumps(json.loads(kept) | changes))
        with pytest.raises(RecipeError) as told:
            read_folder(folder, None, None)
        file.write_text(kept)
        return str(told.value)

    width = json.loads((folder / "text_encoder" / "config.json").read_text())["hidden_size"]
    said = folder_says("unet", cross_attention_dim=width + 8)
    assert f"attends to words of {width + 8} features, and its prompts become {width}" in said
    said = folder_says(
        "unet", down_block_types=["DownBlock2D"] * 2, up_block_types=["UpBlock2D"] * 2, mid_block_type=None
    )
    assert f"attends to no words, and its prompts become {width}" in said
    assert "its U-Net makes 8 channels, and the latents of its first stage have 4" in folder_says(
        "unet", out_channels=8
    )

    params = yaml.safe_load((SINGLE / "config.yaml").read_text())["model"]["params"]
    unet = params["unet_config"]
    other = {**unet, "params": {**unet["params"], "context_dim": 24}}
    said = complaint(path=SINGLE / "model.ckpt", config=edited(tmp_path, unet_config=other))
    assert "attends to words of 24 features, and its prompts become" in said
    said = complaint(path=SINGLE / "model.ckpt", config=edited(tmp_path, cond_stage_config="__is_unconditional__"))
    assert "attends to words of 16 features, and there are none" in said
    other = {**unet, "params": {**unet["params"], "out_channels": 8}}
    said = complaint(path=SINGLE / "model.ckpt", config=edited(tmp_path, unet_config=other))
    assert "its U-Net makes 8 channels" in said
