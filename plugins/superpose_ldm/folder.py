"""Checkpoints in folders as diffusers writes them: ``StableDiffusionPipeline``, ``LDMPipeline``, their relatives."""

from __future__ import annotations

from pathlib import Path

from superpose import Parameterization, RecipeError, Table, published_table, read_json
from superpose_ldm.checkpoint import Checkpoint, check_parts, concat_channels
from superpose_ldm.conditioning import PromptEncoder, Unconditional, Words
from superpose_networks import LazyNetwork, UNet2D, UNet2DConfig, WeightFile, read_config, weight_files
from superpose_networks.latent import (
    Autoencoder,
    LatentUNet,
    TextEncoder,
    UNetShape,
    clip_config,
    diffusers_autoencoder,
    diffusers_unet,
    text_names,
)


def read_folder(
    folder: Path, prediction: Parameterization | None, tokenizer: Path | None, variant: str | None = None
) -> Checkpoint:
    """The checkpoint in a folder.

    Arguments:
        folder: With ``model_index.json``.
        prediction: What the U-Net predicts; None for what the folder says.
        tokenizer: Folder of the tokenizer; None for that in the folder.
        variant: Which files of weights; those of the U-Net must be there, other parts may have full ones alone.

    Raises:
        RecipeError: If a file is missing, or says something that is not supported.
    """
    index = read_json(folder / "model_index.json")
    parts = {name: value[1] for name, value in index.items() if isinstance(value, list) and value[1] is not None}
    first_name = next((name for name in ("vae", "vqvae") if name in parts), None)
    if "unet" not in parts or first_name is None or {"text_encoder_2", "bert", "image_encoder"} & set(parts):
        raise RecipeError(
            f"{folder} holds a {index.get('_class_name')} of {', '.join(parts)}, which is not latent diffusion with a "
            'U-Net, a first stage and one text encoder: see whether kind = "diffusers" reads it'
        )
    config, weights = weight_files(folder / first_name, variant, optional=True)
    latents = diffusers_autoencoder(str(config), read_config(config))
    autoencoder = LazyNetwork(lambda: Autoencoder(latents), WeightFile(weights))
    unet_config, unet_weights = weight_files(folder / "unet", variant)
    unet_json = read_config(unet_config)
    shape = _unet(unet_config, unet_json)
    unet = LazyNetwork(
        lambda: UNet2D(shape) if isinstance(shape, UNet2DConfig) else LatentUNet(shape),
        WeightFile(unet_weights),
    )
    schedule, said = published_table(folder / "scheduler", read_json(folder / "scheduler" / "scheduler_config.json"))
    files = {"unet": unet.file, "first stage": autoencoder.file}
    conditioning: PromptEncoder = Unconditional()
    if "text_encoder" in parts:
        conditioning = _words(folder, tokenizer, variant)
        files["text encoder"] = conditioning.part.file
    check_parts(folder, shape, latents, conditioning)
    return Checkpoint(
        where=folder,
        unet=unet,
        autoencoder=autoencoder,
        latents=latents,
        channels=shape.in_channels,
        levels=len(shape.block_out_channels if isinstance(shape, UNet2DConfig) else shape.widths),
        side=unet_json.whole("sample_size", 64),
        conditioning=conditioning,
        schedule=schedule,
        prediction=prediction or said,
        sees=concat_channels(folder, shape.in_channels, latents.latent),
        files=files,
    )


def _unet(where: Path, config: Table) -> UNetShape | UNet2DConfig:
    if config.get("num_class_embeds") or config.get("class_embed_type"):
        raise RecipeError(f"{where}: a U-Net of latents that is told classes beside the time is not supported")
    if config.get("_class_name") != "UNet2DModel":
        return diffusers_unet(str(where), config)
    try:
        return UNet2DConfig.from_mapping(config)
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from error


def _words(folder: Path, tokenizer: Path | None, variant: str | None) -> Words:
    config, weights = weight_files(folder / "text_encoder", variant, optional=True)
    shape = clip_config(str(config), read_config(config))

    encoder = LazyNetwork(
        lambda: TextEncoder(shape), WeightFile(weights), lambda table: text_names("clip", table, shape.layers)
    )
    return Words(encoder, shape.width, shape.length, tokenizer or folder / "tokenizer")
