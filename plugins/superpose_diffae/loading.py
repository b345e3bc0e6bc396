"""From files to networks: what a checkpoint says of itself, and the reading of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from superpose import RecipeError, Schedule, StaticClip
from superpose_diffae.attributes import STATISTICS, read_classifier
from superpose_diffae.latent import LatentPredictor
from superpose_diffae.layout import Shapes
from superpose_diffae.predictor import Networks
from superpose_networks import LazyNetwork, Part, WeightFile, load_together, openai_names, read_weights
from superpose_networks.diffae import Decoder, Encoder, Half, LatentNet, Layout

#: Where the model's tensors are: the average that is meant to be used, else the raw ones, else at the top.
PREFIXES = ("ema_model.", "model.", "")
_FIRST = "input_blocks.0.0.weight"
_DECODER = ("time_embed.", "input_blocks.", "middle_block.", "output_blocks.", "out.")


@attrs.frozen
class Metadata:
    """Description of a checkpoint by itself.

    Attributes:
        file: The checkpoint.
        prefix: What the names of the model's tensors begin with.
        shapes: Of these tensors, by name without prefix.
    """

    file: WeightFile
    prefix: str
    shapes: Shapes

    @property
    def record(self) -> Mapping[str, Any]:
        """The training's own notes; empty where there are none."""
        return {} if self.file.path.suffix == ".safetensors" else self.file.header.notes

    @property
    def size(self) -> int | None:
        """Height and width of images, where noise for some is stored."""
        stored = self.file.shapes.get("x_T", ())
        return stored[-1] if len(stored) == 4 else None

    @property
    def statistics(self) -> Mapping[str, Tensor]:
        """Mean and deviation of codes, where they are stored."""
        return self.file.header.values


def describe(path: Path) -> Metadata:
    """Describe a checkpoint; no weight is read. Raises `RecipeError` where it cannot be read."""
    file = WeightFile(path, wanted=STATISTICS)
    # Where none has it, `recognise` will say what is missing.
    prefix = next((prefix for prefix in PREFIXES if prefix + _FIRST in file.shapes), "")
    mine = {name.removeprefix(prefix): shape for name, shape in file.shapes.items() if name.startswith(prefix)}
    return Metadata(file, prefix, mine)


@attrs.frozen
class Options:
    """Options of a recipe that say what a file does not.

    Attributes:
        heads: Of every attention; None for what the file says.
        statistics: File with mean and deviation of codes; None for those in the file.
        schedule: Tells the noise levels of codes; asked where there is a network that draws them.
        classifier: File of the classifier that names attributes.
        average: Whether its averaged weights are taken.
    """

    heads: int | None
    statistics: Path | None
    schedule: Callable[[], Schedule]
    classifier: Path | None
    average: bool


def load(known: Metadata, layout: Layout, options: Options, device: str, dtype: str) -> Networks:
    """All that a checkpoint holds."""
    path, record = known.file.path, known.record
    heads = options.heads or record.get("net_beatgans_attn_head") or 1
    statistics, schedule = _statistics(known, options, layout.code, device), None
    if layout.latent is not None:
        schedule = options.schedule()
        if statistics is None and record.get("latent_znormalize", True):
            raise RecipeError(f"{path} draws normed codes and does not say how: write statistics = 'latent.pkl'")
    decoder, encoder, drawing = load_together(
        device,
        (lazy_decoder(known, layout, heads), dtype),
        (lazy_encoder(known, layout, heads), torch.float32),  # it is asked once an image
        (lazy_latent(known, layout, float(record.get("net_latent_condition_bias", 1))), torch.float32),
    )
    latent = None
    if schedule is not None:
        clip = StaticClip() if record.get("latent_clip_sample") else None
        latent = LatentPredictor(drawing, (layout.code, 1, 1), schedule, clip, torch.device(device))
    classifier = None
    if options.classifier is not None:
        classifier = read_classifier(options.classifier, statistics, average=options.average, device=device)
    return Networks(decoder=decoder, encoder=encoder, statistics=statistics, latent=latent, classifier=classifier)


def lazy_decoder(known: Metadata, layout: Layout, heads: int) -> LazyNetwork[Decoder]:
    """The conditional U-Net."""

    def names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
        weights = {name.replace("time_embed.time_embed", "time_embed"): weights.pop(name) for name in list(weights)}
        return _named(weights, layout.decoder, heads)

    part = Part(prefix=known.prefix, within=_DECODER)
    return LazyNetwork(lambda: Decoder(layout, heads), known.file, names, part)


def lazy_encoder(known: Metadata, layout: Layout, heads: int) -> LazyNetwork[Encoder]:
    """The semantic encoder."""

    def names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
        weights = {name.replace("out.3.", "out.2."): weights.pop(name) for name in list(weights)}
        return _named(weights, layout.encoder, heads)

    part = Part(prefix=f"{known.prefix}encoder.")
    return LazyNetwork(lambda: Encoder(layout, heads), known.file, names, part, "encoder")


def lazy_latent(known: Metadata, layout: Layout, bias: float) -> LazyNetwork[LatentNet] | None:
    """The latent network; None where the file has none."""
    if (form := layout.latent) is None:
        return None
    part = Part(prefix=f"{known.prefix}latent_net.")
    return LazyNetwork(lambda: LatentNet(layout.code, form, bias), known.file, _latent_names, part, "latent network")


def _latent_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for name, value in weights.items():
        ours = name.replace("cond_layers.1", "cond").replace("time_embed.0", "time_embedding.linear_1")
        # linear_emb is cond_layers.1 once more; the original reads it first, so cond_layers.1 is what counts.
        if ".linear_emb." not in name:
            found[ours.replace("time_embed.2", "time_embedding.linear_2")] = value
    return found


def _statistics(known: Metadata, options: Options, code: int, device: str) -> tuple[Tensor, Tensor] | None:
    if options.statistics is not None:
        return load_statistics(options.statistics, code, device)
    if len(known.statistics) < len(STATISTICS):
        return None
    found = {name: value.to(device, torch.float32) for name, value in known.statistics.items()}
    return _checked(known.file.path, found, code)


def load_statistics(path: Path, code: int, device: str) -> tuple[Tensor, Tensor]:
    """Mean and deviation of a data set's codes, each (1, E): of ``latent.pkl``, or beside a model's weights."""
    return _checked(path, read_weights(path, device, within=STATISTICS), code)


def _checked(path: Path, found: Mapping[str, Tensor], code: int) -> tuple[Tensor, Tensor]:
    if any(name not in found or found[name].numel() != code for name in STATISTICS):
        raise RecipeError(f"{path} needs conds_mean and conds_std, each of {code} numbers, as latent.pkl has them")
    mean, deviation = (found[name].view(1, -1) for name in STATISTICS)
    return mean, deviation


def _named(weights: dict[str, Tensor], half: Half, heads: int) -> dict[str, Tensor]:
    # With one head all orders of q, k and v are the same; with more the original's is legacy.
    return openai_names(weights, [half.blocks] * len(half.widths), order="legacy", heads=lambda *_: heads)
