"""Diffusion transformers in files: folders of ``DiTPipeline``, and the paper's ``.pt``, which has no autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from superpose import RecipeError, Schedule, Table, TableSchedule, published_table, read_json
from superpose_networks import LazyNetwork, WeightFile, read_config, weight_files
from superpose_networks.latent import (
    Autoencoder,
    AutoencoderShape,
    DiT,
    DiTConfig,
    diffusers_autoencoder,
    diffusers_dit,
    paper_dit,
    paper_dit_names,
)

#: A name that every file of the paper's code has.
LANDMARK = "x_embedder.proj.weight"


@attrs.frozen(kw_only=True)
class DiTFiles:
    """A diffusion transformer as its files describe it, no weight read.

    Attributes:
        config: Of the network.
        network, first: What is read; the first stage makes latents of images.
        latents: Of the first stage.
        schedule: Noise levels.
        names: Class numbers by name; empty where the files have none.
    """

    config: DiTConfig
    network: LazyNetwork[DiT]
    autoencoder: LazyNetwork[Autoencoder]
    latents: AutoencoderShape
    schedule: Schedule
    names: Mapping[str, int]


def read_dit(path: Path, vae: Path | None, heads: int | None, variant: str | None = None) -> DiTFiles:
    """Content of a folder or a file.

    Arguments:
        path: A folder of ``DiTPipeline``, or a file of the paper's code.
        vae: Folder of the first stage, which a single file does not have.
        heads: Heads of attention, where a file's width is none of the published.
        variant: Which files of weights of a folder.

    Raises:
        RecipeError: If a file is missing, or says something that is not supported.
    """
    if path.is_dir():
        config, network, schedule, names = _folder(path, variant)
        if heads is not None and heads != config.num_attention_heads:
            raise RecipeError(f"{path} says that it has {config.num_attention_heads} heads: leave heads = {heads} out")
        vae = vae or path / "vae"
    elif variant is not None:
        raise RecipeError(f"variant: {path} is one file of weights: leave variant out")
    else:
        config, network = _file(path, heads)
        schedule, names = TableSchedule.named("linear", 1000, 0.0001, 0.02), {}
    if config.out_channels not in (None, config.in_channels, 2 * config.in_channels):
        raise RecipeError(
            f"{path} writes {config.out_channels} channels for latents of {config.in_channels}: that is no denoiser"
        )
    if vae is None:
        raise RecipeError(f"{path} is a transformer alone: write vae = the folder of its autoencoder, sd-vae-ft-ema")
    where, weights = weight_files(vae, variant, optional=True)
    latents = diffusers_autoencoder(str(where), read_config(where))
    if latents.latent != config.in_channels:
        raise RecipeError(f"{vae} makes latents of {latents.latent} channels, and {path} reads {config.in_channels}")
    return DiTFiles(
        config=config,
        network=network,
        autoencoder=LazyNetwork(lambda: Autoencoder(latents), WeightFile(weights)),
        latents=latents,
        schedule=schedule,
        names=names,
    )


def _folder(path: Path, variant: str | None) -> tuple[DiTConfig, LazyNetwork[DiT], Schedule, dict[str, int]]:
    where, weights = weight_files(path / "transformer", variant)
    config = diffusers_dit(str(where), read_config(where))
    about = path / "scheduler" / "scheduler_config.json"
    schedule, prediction = published_table(about, read_json(about))
    if prediction != "epsilon":
        raise RecipeError(f"{about}: prediction_type is {prediction!r}, and every DiT predicts epsilon")
    names = _named(read_json(path / "model_index.json").table("id2label", {}))
    return config, LazyNetwork(lambda: DiT(config), WeightFile(weights)), schedule, names


def _file(path: Path, heads: int | None) -> tuple[DiTConfig, LazyNetwork[DiT]]:
    file = WeightFile(path, LANDMARK)
    config = paper_dit(str(path), file.shapes, heads)
    return config, LazyNetwork(lambda: DiT(config), file, lambda weights: paper_dit_names(weights, config.num_layers))


def _named(labels: Table) -> dict[str, int]:
    """Numbers by name, of a table of names by number; a class may have several, with commas between."""
    return {name.strip(): int(number) for number in labels for name in labels.text(number).split(",")}
