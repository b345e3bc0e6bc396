"""From files to networks: what a checkpoint says of itself, and the reading of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import torch
from torch import Tensor

from superpose import RecipeError, StaticClip
from superpose_diffae.attributes import read_classifier
from superpose_diffae.latent import LatentPredictor
from superpose_diffae.layout import Shapes
from superpose_diffae.predictor import Networks
from superpose_networks import assign, openai_names, read_checkpoint, read_weights, ready, tensor_shapes
from superpose_networks.diffae import Decoder, Encoder, Half, LatentNet, Layout

if TYPE_CHECKING:
    from superpose_diffae.model import DiffusionAutoencoder

#: Where the model's tensors are: the average that is meant to be used, else the raw ones, else at the top.
PREFIXES = ("ema_model.", "model.", "")
_FIRST = "input_blocks.0.0.weight"
_DECODER = ("time_embed.", "input_blocks.", "middle_block.", "output_blocks.", "out.")
_STATISTICS = ("conds_mean", "conds_std")


@attrs.frozen
class Metadata:
    """Description of a checkpoint by itself."""

    shapes: Shapes  # of the model's tensors, by name without prefix
    prefix: str
    record: Mapping[str, Any]  # the training's own notes (hyper_parameters); empty where there are none
    size: int | None  # height and width of images, where noise for some is stored
    normed: bool  # whether mean and deviation of codes are stored


def metadata(path: Path) -> Metadata:
    """Describe a checkpoint; no tensor is read. Raises `RecipeError` where it cannot be read."""
    about = path.stat() if path.exists() else None
    return _facts(path, about and (about.st_mtime_ns, about.st_size))


@lru_cache(maxsize=16)
def _facts(path: Path, _: tuple[int, int] | None) -> Metadata:
    every = tensor_shapes(path)
    # Where none has it, `recognise` will say what is missing.
    prefix = next((prefix for prefix in PREFIXES if prefix + _FIRST in every), "")
    stored = {} if path.suffix == ".safetensors" else read_checkpoint(path)
    mine = {name.removeprefix(prefix): shape for name, shape in every.items() if name.startswith(prefix)}
    size = every["x_T"][-1] if len(every.get("x_T", ())) == 4 else None
    return Metadata(mine, prefix, dict(stored.get("hyper_parameters", {})), size, set(_STATISTICS) <= every.keys())


def load(model: DiffusionAutoencoder, device: str, dtype: torch.dtype) -> Networks:
    """All that a model's files hold."""
    path, layout, known = model.path, model.layout, metadata(model.path)
    heads = model.heads or known.record.get("net_beatgans_attn_head") or 1
    file = model.statistics or (path if known.normed else None)
    statistics = load_statistics(file, layout.code, device) if file else None
    latent = None
    if network := load_latent(path, layout, float(known.record.get("net_latent_condition_bias", 1)), device):
        if statistics is None and known.record.get("latent_znormalize", True):
            raise RecipeError(f"{path} draws normed codes and does not say how: write statistics = 'latent.pkl'")
        clip = StaticClip() if known.record.get("latent_clip_sample") else None
        latent = LatentPredictor(network, (layout.code, 1, 1), model.latent_schedule, clip, torch.device(device))
    classifier = None
    if model.classifier is not None:
        classifier = read_classifier(model.classifier, statistics, average=model.average_classifier, device=device)
    return Networks(
        decoder=load_decoder(path, layout, heads, device, dtype),
        encoder=load_encoder(path, layout, heads, device),
        statistics=statistics,
        latent=latent,
        classifier=classifier,
    )


def load_decoder(path: Path, layout: Layout, heads: int, device: str, dtype: torch.dtype) -> Decoder:
    """The conditional U-Net."""
    with torch.device("meta"):
        network = Decoder(layout, heads)
    weights = read_weights(path, device, dtype, prefix=metadata(path).prefix, within=_DECODER)
    weights = {name.replace("time_embed.time_embed", "time_embed"): value for name, value in weights.items()}
    assign(network, _named(weights, layout.decoder, heads), str(path))
    return ready(network)


def load_encoder(path: Path, layout: Layout, heads: int, device: str) -> Encoder:
    """The semantic encoder, in float32: it is asked once an image."""
    with torch.device("meta"):
        network = Encoder(layout, heads)
    weights = read_weights(path, device, prefix=f"{metadata(path).prefix}encoder.")
    weights = {name.replace("out.3.", "out.2."): value for name, value in weights.items()}
    assign(network, _named(weights, layout.encoder, heads), f"{path} (encoder)")
    return ready(network)


def load_latent(path: Path, layout: Layout, bias: float, device: str) -> LatentNet | None:
    """The latent network, in float32: it is small, and asked once a sample. None where the file has none."""
    if layout.latent is None:
        return None
    with torch.device("meta"):
        network = LatentNet(layout.code, layout.latent, bias)
    weights = {}
    for name, value in read_weights(path, device, prefix=f"{metadata(path).prefix}latent_net.").items():
        ours = name.replace("cond_layers.1", "cond").replace("time_embed.0", "time_embedding.linear_1")
        # linear_emb is cond_layers.1 once more; the original reads it first, so cond_layers.1 is what counts.
        if ".linear_emb." not in name:
            weights[ours.replace("time_embed.2", "time_embedding.linear_2")] = value
    assign(network, weights, f"{path} (latent network)")
    return ready(network)


def load_statistics(path: Path, code: int, device: str) -> tuple[Tensor, Tensor]:
    """Mean and deviation of a data set's codes, each (1, E): of ``latent.pkl``, or beside a model's weights."""
    found = read_weights(path, device, within=_STATISTICS)
    if any(name not in found or found[name].numel() != code for name in _STATISTICS):
        raise RecipeError(f"{path} needs conds_mean and conds_std, each of {code} numbers, as latent.pkl has them")
    return found["conds_mean"].view(1, -1), found["conds_std"].view(1, -1)


def _named(weights: dict[str, Tensor], half: Half, heads: int) -> dict[str, Tensor]:
    # With one head all orders of q, k and v are the same; with more the original's is legacy.
    return openai_names(weights, [half.blocks] * len(half.widths), order="legacy", heads=lambda *_: heads)
