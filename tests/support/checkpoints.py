"""Checkpoints of every family in the files that people have, as wide as asked; their weights are anything."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file
from torch import Tensor, nn

import plain_diffae
from compvis_files import clip_as_openclip, first_stage_as_compvis, unet_as_compvis
from openai_file import openai_file
from restated_edm import Restated, Weights
from superpose_adm.layout import Heads, Layout
from superpose_adm.network import ADM
from superpose_deepfloyd.config import IFConfig
from superpose_deepfloyd.embeddings import write
from superpose_deepfloyd.network import IFUNet
from superpose_networks import UNet2D, UNet2DConfig
from superpose_networks.latent import (
    Autoencoder,
    DiT,
    LatentUNet,
    compvis_autoencoder,
    compvis_unet,
    diffusers_autoencoder,
    diffusers_dit,
    diffusers_unet,
)
from tiny_pipelines import tokenizer

with warnings.catch_warnings():  # what the libraries warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import transformers

Options = dict[str, str | int | float]
#: Writes a checkpoint of so many channels times 32 into an empty folder, and says what a recipe would of it.
Make = Callable[[Path, int], Options]

KL = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2, "latent_channels": 4}


def zeros(build: Callable[[], nn.Module]) -> dict[str, Tensor]:
    """The weights of a network by their published names."""
    with torch.device("meta"):
        network = build()
    return {name: torch.zeros(value.shape) for name, value in network.state_dict().items()}


def saved(folder: Path, config: dict[str, Any], build: Callable[[], nn.Module]) -> None:
    """A network as diffusers saves it."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    save_file(zeros(build), folder / "diffusion_pytorch_model.safetensors")


def first_stage(folder: Path, width: int) -> None:
    config = {**KL, "block_out_channels": [32, width]}
    saved(folder, config, lambda: Autoencoder(diffusers_autoencoder("here", config)))


def table(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def clip(width: int) -> Any:
    config = transformers.CLIPTextConfig(
        hidden_size=width, intermediate_size=4 * width, num_attention_heads=1, num_hidden_layers=4, vocab_size=1000
    )
    return transformers.CLIPTextModel(config)


def ddpm(folder: Path, wide: int) -> Options:
    config = {
        "block_out_channels": [16 * wide, 32 * wide], "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D", "UpBlock2D"], "attention_head_dim": 8, "sample_size": 8,
        "norm_num_groups": 16, "layers_per_block": 2,
    }  # fmt: skip
    saved(folder / "unet", config, lambda: UNet2D(UNet2DConfig.from_mapping(config)))
    return {"path": str(folder)}


def adm(folder: Path, wide: int) -> Options:
    widths = (32 * wide, 32 * wide, 64 * wide)
    layout = Layout(
        channels=32 * wide, widths=widths, blocks=2, attention=frozenset({0, 1, 2}), in_channels=3, out_channels=6,
        classes=10, scale_shift=True, residual=True,
    )  # fmt: skip
    state = zeros(lambda: ADM(layout, Heads(width=32)))
    torch.save(openai_file(state, layout.blocks, "legacy", 32), folder / "model.pt")
    return {"path": str(folder / "model.pt"), "size": 32, "betas": "linear", "head_width": 32, "order": "legacy"}


def edm(folder: Path, wide: int) -> Options:
    said = {"model_channels": 32 * wide, "channel_mult": [1, 2], "num_blocks": 3, "attn_resolutions": [8, 4]}
    weights = Weights()
    Restated(weights, "SongUNet", 3, img_resolution=8, **said)(torch.zeros(1, 3, 8, 8), torch.zeros(1), None)
    save_file({f"model.{name}": value for name, value in weights.items()}, folder / "model.safetensors")
    about = {"preconditioning": "EDMPrecond", "model_type": "SongUNet", "img_resolution": 8, "img_channels": 3, **said}
    table(folder / "config.json", about)
    return {"path": str(folder)}


def deepfloyd(folder: Path, wide: int, words: int = 1) -> Options:
    config = {
        "_class_name": "UNet2DConditionModel", "in_channels": 3, "out_channels": 6, "sample_size": 16,
        "addition_embed_type": "text", "addition_embed_type_num_heads": 4, "attention_head_dim": 8,
        "block_out_channels": [32 * wide, 64 * wide], "cross_attention_dim": 32 * wide, "encoder_hid_dim": 32 * words,
        "cross_attention_norm": "group_norm", "down_block_types": ["SimpleCrossAttnDownBlock2D"] * 2,
        "up_block_types": ["SimpleCrossAttnUpBlock2D"] * 2, "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
        "resnet_time_scale_shift": "scale_shift", "act_fn": "gelu", "layers_per_block": 2,
    }  # fmt: skip
    saved(folder / "unet", config, lambda: IFUNet(IFConfig.from_mapping(config)))
    states = torch.zeros(1, 77, 32 * words)
    write(folder / "texts.safetensors", [""], states, torch.ones(states.shape[:2]))
    return {"path": str(folder), "embeddings": str(folder / "texts.safetensors")}


def deepfloyd_with_text(folder: Path, wide: int) -> Options:
    """The network small, and what reads texts large: it is loaded when the first prompt is told."""
    deepfloyd(folder, 1, wide)
    config = transformers.T5Config(
        vocab_size=1000, d_model=32 * wide, d_kv=8, d_ff=128 * wide, num_layers=16, num_heads=4 * wide
    )
    transformers.T5EncoderModel(config).save_pretrained(folder / "text_encoder")
    tokenizer(16).save_pretrained(folder / "tokenizer")
    return {"path": str(folder)}


def stable_diffusion(folder: Path, wide: int) -> Options:
    config = {
        "block_out_channels": [32 * wide, 32 * wide], "cross_attention_dim": 32 * wide, "attention_head_dim": 4,
        "down_block_types": ["CrossAttnDownBlock2D"] * 2, "up_block_types": ["CrossAttnUpBlock2D"] * 2,
        "sample_size": 8, "in_channels": 4, "use_linear_projection": True,
    }  # fmt: skip
    saved(folder / "unet", config, lambda: LatentUNet(diffusers_unet("here", config)))
    first_stage(folder / "vae", 32 * wide)
    clip(32 * wide).save_pretrained(folder / "text_encoder")
    tokenizer(16).save_pretrained(folder / "tokenizer")
    table(folder / "scheduler" / "scheduler_config.json", {"beta_schedule": "scaled_linear"})
    parts = {
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], "scheduler":
        ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer":
        ["transformers", "PreTrainedTokenizerFast"], "safety_checker": [None, None], "feature_extractor": [None, None],
    }  # fmt: skip
    table(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline", **parts})
    return {"path": str(folder)}


def compvis(folder: Path, wide: int) -> Options:
    params = {
        "image_size": 8, "in_channels": 4, "out_channels": 4, "model_channels": 32 * wide, "num_res_blocks": 2,
        "channel_mult": [1, 1], "attention_resolutions": [1, 2], "num_heads": 4, "use_spatial_transformer": True,
        "context_dim": 32 * wide,
    }  # fmt: skip
    first = {"embed_dim": 4, "ddconfig": {
        "double_z": True, "z_channels": 4, "resolution": 16, "in_channels": 3, "out_ch": 3, "ch": 32,
        "ch_mult": [1, wide], "num_res_blocks": 1, "attn_resolutions": [], "dropout": 0.0,
    }}  # fmt: skip
    unet = unet_as_compvis(zeros(lambda: LatentUNet(compvis_unet("here", params))), 2, 2, [True, True])
    file = {f"model.diffusion_model.{name}": value for name, value in unet.items()}
    file |= {f"model_ema.diffusion_model{name.replace('.', '')}": value.clone() for name, value in unet.items()}
    stage = zeros(lambda: Autoencoder(compvis_autoencoder("here", first, 0.5)))
    file |= {f"first_stage_model.{name}": value for name, value in first_stage_as_compvis(stage, 2).items()}
    text = clip_as_openclip(dict(clip(64 * (wide // 2)).state_dict()))
    file |= {f"cond_stage_model.model.{name}": value for name, value in text.items()}
    torch.save({"state_dict": file}, folder / "model.ckpt")
    said = {"unet_config": {"params": params}, "first_stage_config": {"params": first}, "scale_factor": 0.5}
    said |= {"cond_stage_config": {"target": "ldm.FrozenOpenCLIPEmbedder"}, "image_size": 8}
    (folder / "model.yaml").write_text(yaml.safe_dump({"model": {"params": said}}))
    tokenizer(16).save_pretrained(folder / "tokenizer")
    return {
        "path": str(folder / "model.ckpt"), "config": str(folder / "model.yaml"), "tokenizer": f"{folder}/tokenizer"
    }  # fmt: skip


def dit(folder: Path, wide: int) -> Options:
    config = {
        "num_attention_heads": 4, "attention_head_dim": 8 * wide, "in_channels": 4, "out_channels": 8, "num_layers": 12,
        "sample_size": 8, "patch_size": 2, "activation_fn": "gelu-approximate", "num_embeds_ada_norm": 1000,
    }  # fmt: skip
    saved(folder / "transformer", config, lambda: DiT(diffusers_dit("here", config)))
    first_stage(folder / "vae", 32)
    table(folder / "scheduler" / "scheduler_config.json", {"beta_schedule": "linear"})
    table(folder / "model_index.json", {"_class_name": "DiTPipeline"})
    return {"path": str(folder)}


def paper_dit(folder: Path, wide: int) -> Options:
    """A file of training, in which the averaged weights are one table of several."""
    from ldm_dit_original import OriginalDiT

    network = OriginalDiT(size=8, patch=2, channels=4, width=32 * wide, depth=12, heads=4, classes=1000)
    other = {name: value.clone() for name, value in network.state_dict().items()}
    torch.save({"model": other, "ema": network.state_dict(), "opt": {"state": {}}}, folder / "dit.pt")
    first_stage(folder / "vae", 32)
    return {"path": str(folder / "dit.pt"), "vae": str(folder / "vae"), "heads": 4}


def diffae(folder: Path, wide: int) -> Options:
    plain_diffae.checkpoint(
        folder / "last.ckpt", channels=32 * wide, attn=(0, 1), enc_attn=(0, 1), blocks=2, enc_blocks=2, code=32 * wide,
        layers=4, hidden=128 * wide, skips=(1, 2, 3), record={"latent_beta_scheduler": "const0.008", "T": 1000},
    )  # fmt: skip
    return {"path": str(folder / "last.ckpt")}


#: What makes a checkpoint, by kind; a kind that reads several sorts of them has more words behind its name.
FAMILIES: dict[str, Make] = {
    "ddpm": ddpm,
    "guided-diffusion": adm,
    "edm": edm,
    "deepfloyd": deepfloyd,
    "deepfloyd, its text encoder": deepfloyd_with_text,
    "stable-diffusion": stable_diffusion,
    "ldm": compvis,
    "dit": dit,
    "dit, a file of training": paper_dit,
    "diffae": diffae,
    "diffusers": stable_diffusion,
}
