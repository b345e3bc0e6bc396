"""From files to networks: what is known of a checkpoint before it is read, and the reading of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from superpose import RecipeError
from superpose.nn import assign, openai_names, read_checkpoint, read_weights, ready, tensor_shapes
from superpose_diffae.layout import Layout, Shapes, recognise
from superpose_diffae.networks import Decoder, Encoder, LatentNet

#: Where the model's tensors are: the average that is meant to be used, else the raw ones, else at the top.
PREFIXES = ("ema_model.", "model.", "")
_FIRST = "input_blocks.0.0.weight"
_DECODER = ("time_embed.", "input_blocks.", "middle_block.", "output_blocks.", "out.")


@attrs.frozen
class Facts:
    """What a checkpoint says of itself.

    Attributes:
        shapes: Shapes of the model's tensors, without prefix.
        prefix: Of their names.
        record: The training's own notes (``hyper_parameters``); empty where there are none.
        size: Height and width of images, as the stored noise has them; None where none is stored.
        statistics: Whether means and deviations of the codes are stored.
    """

    shapes: Shapes
    prefix: str
    record: Mapping[str, Any]
    size: int | None
    statistics: bool


def facts(path: Path) -> Facts:
    """What a checkpoint says of itself; no tensor is read.

    Raises:
        RecipeError: The file is missing, damaged or no model at all.
    """
    try:
        about = path.stat()
    except OSError as error:
        raise RecipeError(f"{path}: no such file") from error
    return _facts(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=16)
def _facts(path: Path, *_: int) -> Facts:
    every = tensor_shapes(path)
    prefix = next((prefix for prefix in PREFIXES if prefix + _FIRST in every), None)
    if prefix is None:
        raise RecipeError(
            f"{path} is no diffusion autoencoder: it has no {_FIRST}, nor ema_model.{_FIRST}; what fits is the "
            "last.ckpt of a template such as ffhq256_autoenc"
        )
    stored = {} if path.suffix == ".safetensors" else read_checkpoint(path)
    record = stored.get("hyper_parameters", {}) if isinstance(stored, dict) else {}
    return Facts(
        {name.removeprefix(prefix): shape for name, shape in every.items() if name.startswith(prefix)},
        prefix,
        dict(record),
        every["x_T"][-1] if len(every.get("x_T", ())) == 4 else None,
        {"conds_mean", "conds_std"} <= every.keys(),
    )


def layout(path: Path, encoder_blocks: int | None = None) -> Layout:
    """What a checkpoint holds."""
    known = facts(path)
    return recognise(known.shapes, str(path), encoder_blocks or known.record.get("net_enc_num_res_blocks"))


def load_decoder(path: Path, layout: Layout, heads: int, device: str, dtype: torch.dtype) -> Decoder:
    """The conditional U-Net."""
    known = facts(path)
    written, times = known.shapes["out.2.weight"][0], known.shapes["time_embed.time_embed.0.weight"][1]
    with torch.device("meta"):
        network = Decoder(layout.decoder, layout.code, times, written, heads)
    weights = {
        (part + name).replace("time_embed.time_embed", "time_embed"): value
        for part in _DECODER
        for name, value in read_weights(path, device, dtype, prefix=known.prefix + part).items()
    }
    assign(network, _named(weights, layout.decoder.blocks, len(layout.decoder.widths), heads), str(path))
    return ready(network)


def load_encoder(path: Path, layout: Layout, heads: int, device: str) -> Encoder:
    """The semantic encoder, in float32: it is asked once an image."""
    with torch.device("meta"):
        network = Encoder(layout.encoder, layout.code, heads)
    weights = read_weights(path, device, prefix=f"{facts(path).prefix}encoder.")
    weights = {name.replace("out.3.", "out.2."): value for name, value in weights.items()}
    assign(network, _named(weights, layout.encoder.blocks, len(layout.encoder.widths), heads), f"{path} (encoder)")
    return ready(network)


def load_latent(path: Path, layout: Layout, bias: float, device: str) -> LatentNet | None:
    """The latent network, in float32: it is small, and asked once a sample. None where the file has none."""
    shape = layout.latent
    if shape is None:
        return None
    with torch.device("meta"):
        network = LatentNet(layout.code, shape.hidden, shape.layers, shape.skips, shape.times, shape.normed, bias)
    weights = {}
    for name, value in read_weights(path, device, prefix=f"{facts(path).prefix}latent_net.").items():
        # linear_emb is cond_layers.1 once more; the original reads it first, so cond_layers.1 is what counts.
        if ".linear_emb." not in name:
            ours = name.replace("cond_layers.1", "cond").replace("time_embed.0", "time_embedding.linear_1")
            weights[ours.replace("time_embed.2", "time_embedding.linear_2")] = value
    assign(network, weights, f"{path} (latent network)")
    return ready(network)


def load_statistics(path: Path, code: int, device: str) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the codes of a data set, each shape (1, E): of ``latent.pkl``, or beside a model's weights.

    Raises:
        RecipeError: The file has none, or they are of another width.
    """
    found = {
        name: value.view(1, -1)
        for name in ("conds_mean", "conds_std")
        for rest, value in read_weights(path, device, prefix=name).items()
        if not rest
    }
    if len(found) != 2 or any(value.shape[1] != code for value in found.values()):
        shapes = {name: tuple(value.shape) for name, value in found.items()}
        raise RecipeError(f"{path} needs conds_mean and conds_std, each of {code} numbers, as latent.pkl has; found {shapes}")
    return found["conds_mean"], found["conds_std"]


def _named(weights: Mapping[str, Tensor], blocks: int, levels: int, heads: int) -> dict[str, Tensor]:
    return openai_names(weights, [blocks] * levels, order="legacy", heads=lambda *_: heads)
