"""Diffusion transformers in files: folders of ``DiTPipeline``, and the paper's own ``.pt``.

The paper's files hold the network alone. All of its sizes can be seen in them but the number of heads, which goes with
the width in every published one. They differ from diffusers' networks in two numbers: sinusoids of time fall to
1/10000 one step later, and every norm has an eps of 1e-6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from superpose import RecipeError, TableSchedule
from superpose.nn import read_checkpoint, read_json, read_weights, tensor_shapes, weight_files
from superpose.nn.latent import Autoencoder, AutoencoderShape, diffusers_autoencoder
from superpose_ldm.checkpoint import Part, diffusers_schedule
from superpose_ldm.dit_network import DiT, DiTConfig

#: Heads of the published sizes S, B, L and XL, by their width.
HEADS = {384: 6, 768: 12, 1024: 16, 1152: 16}

#: Names in the paper's files, and ours; ``*`` stands for every block.
_NAMES = (
    (r"x_embedder\.", "pos_embed."),
    (r"t_embedder\.mlp\.0\.", "transformer_blocks.*.norm1.emb.timestep_embedder.linear_1."),
    (r"t_embedder\.mlp\.2\.", "transformer_blocks.*.norm1.emb.timestep_embedder.linear_2."),
    (r"y_embedder\.", "transformer_blocks.*.norm1.emb.class_embedder."),
    (r"blocks\.(\d+)\.attn\.proj\.", r"transformer_blocks.\1.attn1.to_out.0."),
    (r"blocks\.(\d+)\.mlp\.fc1\.", r"transformer_blocks.\1.ff.net.0.proj."),
    (r"blocks\.(\d+)\.mlp\.fc2\.", r"transformer_blocks.\1.ff.net.2."),
    (r"blocks\.(\d+)\.adaLN_modulation\.1\.", r"transformer_blocks.\1.norm1.linear."),
    (r"final_layer\.adaLN_modulation\.1\.", "proj_out_1."),
    (r"final_layer\.linear\.", "proj_out_2."),
)
_QKV = re.compile(r"blocks\.(\d+)\.attn\.qkv\.(weight|bias)")


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
    network: Part
    first: Part
    latents: AutoencoderShape
    schedule: TableSchedule
    names: Mapping[str, int]


def read_dit(path: Path, vae: Path | None, heads: int | None) -> DiTFiles:
    """What a folder or a file holds.

    Arguments:
        path: A folder of ``DiTPipeline``, or a file of the paper's code.
        vae: Folder of the first stage, which a single file does not have.
        heads: Heads of attention, where a file's width is none of the published.

    Raises:
        RecipeError: If a file is missing, or says something that is not supported.
    """
    if path.is_dir():
        config, network, schedule, names = _folder(path)
        vae = vae or path / "vae"
    else:
        config, network = _file(path, heads)
        schedule, names = TableSchedule.named("linear", 1000, 0.0001, 0.02), {}
    if vae is None:
        raise RecipeError(f"{path} is a transformer alone: write vae = the folder of its autoencoder, sd-vae-ft-ema")
    where, weights = weight_files(vae)
    latents = diffusers_autoencoder(str(where), read_json(where))
    if latents.latent != config.in_channels:
        raise RecipeError(f"{vae} makes latents of {latents.latent} channels, and {path} reads {config.in_channels}")
    return DiTFiles(
        config=config,
        network=network,
        first=Part(lambda: Autoencoder(latents), lambda *to: read_weights(weights, *to), weights),
        latents=latents,
        schedule=schedule,
        names=names,
    )


def _folder(path: Path) -> tuple[DiTConfig, Part, TableSchedule, dict[str, int]]:
    where, weights = weight_files(path / "transformer")
    try:
        config = DiTConfig.from_mapping(read_json(where))
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from error
    about = path / "scheduler" / "scheduler_config.json"
    schedule, prediction = diffusers_schedule(about, read_json(about))
    if prediction != "epsilon":
        raise RecipeError(f"{about}: prediction_type is {prediction!r}, and every DiT predicts epsilon")
    names = _named(read_json(path / "model_index.json").get("id2label") or {})
    return config, Part(lambda: DiT(config), lambda *to: read_weights(weights, *to), weights), schedule, names


def _file(path: Path, heads: int | None) -> tuple[DiTConfig, Part]:
    shapes, read = _single(path)
    config = _seen(path, shapes, heads)
    return config, Part(lambda: DiT(config), lambda *to: _renamed(read(*to), config.num_layers), path)


def _named(labels: Mapping[str, str]) -> dict[str, int]:
    """Numbers by name, of a table of names by number; a class may have several, with commas between."""
    return {name.strip(): int(number) for number, names in labels.items() for name in names.split(",")}


def _single(path: Path) -> tuple[dict[str, tuple[int, ...]], Callable[[str, torch.dtype], dict[str, Tensor]]]:
    """Shapes in a single file, and what reads it; of a file of training, the averaged weights."""
    stored: Any = {} if path.suffix == ".safetensors" else read_checkpoint(path)
    if not (isinstance(stored, dict) and isinstance(stored.get("ema"), dict)):
        return tensor_shapes(path), lambda device, dtype: read_weights(path, device, dtype)
    mapped = stored["ema"]
    shapes = {name: tuple(value.shape) for name, value in mapped.items()}
    return shapes, lambda device, dtype: {name: value.to(device, dtype) for name, value in mapped.items()}


def _seen(path: Path, shapes: Mapping[str, tuple[int, ...]], heads: int | None) -> DiTConfig:
    """The configuration that shows in the shapes."""
    needed = ("x_embedder.proj.weight", "pos_embed", "y_embedder.embedding_table.weight", "final_layer.linear.weight")
    if missing := [name for name in needed if name not in shapes]:
        found = ", ".join(list(shapes)[:3])
        raise RecipeError(f"{path} is no diffusion transformer of the paper's code: no {missing[0]} among {found}, ...")
    width, channels, patch, _ = shapes["x_embedder.proj.weight"]
    heads = heads or HEADS.get(width)
    if heads is None or width % heads:
        raise RecipeError(f"{path} is {width} wide; how many heads it has can't be seen in it: write heads = a divisor")
    return DiTConfig(
        num_attention_heads=heads,
        attention_head_dim=width // heads,
        in_channels=channels,
        out_channels=shapes["final_layer.linear.weight"][0] // patch**2,
        num_layers=len({name.split(".")[1] for name in shapes if name.startswith("blocks.")}),
        sample_size=round(shapes["pos_embed"][1] ** 0.5) * patch,
        patch_size=patch,
        num_embeds_ada_norm=shapes["y_embedder.embedding_table.weight"][0] - 1,
        norm_eps=1e-6,
        frequency_shift=0.0,
    )


def _renamed(weights: dict[str, Tensor], depth: int) -> dict[str, Tensor]:
    """The paper's names as ours. What diffusers keeps in every block is one tensor there, and stays one."""
    del weights["pos_embed"]  # sinusoids, which are never trained
    given: dict[str, Tensor] = {}
    for stored in list(weights):
        value, name = weights.pop(stored), stored
        if found := _QKV.fullmatch(stored):
            block = f"transformer_blocks.{found[1]}.attn1"
            parts = zip("qkv", value.chunk(3), strict=True)
            given |= {f"{block}.to_{one}.{found[2]}": part for one, part in parts}
            continue
        for pattern, ours in _NAMES:
            name = re.sub("^" + pattern, ours, name)
        given |= {name.replace("*", str(i)): value for i in range(depth if "*" in name else 1)}
    return given
