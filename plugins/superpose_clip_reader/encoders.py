"""CLIP's encoders, ready to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import attrs
import torch
from torch import Tensor

from superpose import ClassifierPredictor, RecipeError, torch_dtype

if TYPE_CHECKING:
    from superpose import NoiseLevel


@final
@attrs.define(eq=False)
class Encoders(ClassifierPredictor):
    """Encoder of images, and texts that are encoded.

    Attributes:
        shape: (C, H, W) of the images it reads.
        network: The ``CLIPModel``.
        texts: Unit vectors of the texts, shape (classes, D).
        scale: One over the temperature.
        mean: Of the colours, shape (3, 1, 1).
        deviation: Of the colours, shape (3, 1, 1).
        device: Where it runs.
    """

    shape: tuple[int, int, int]
    network: Any
    texts: Tensor
    scale: float
    mean: Tensor
    deviation: Tensor
    device: torch.device

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """Cosines with the texts over the temperature."""
        del level
        pixels = ((x + 1) / 2 - self.mean) / self.deviation
        hidden = self.network.vision_model(pixel_values=pixels.to(self.texts.dtype))
        return self.scale * _unit(self.network.visual_projection(hidden.pooler_output)) @ self.texts.T

    def alignment(self, logits: Tensor) -> Tensor:
        """Cosines."""
        return logits / self.scale


def load_encoders(
    folder: Path,
    texts: Sequence[str],
    size: int,
    colours: tuple[Sequence[float], Sequence[float]],
    device: str,
    dtype: str,
) -> Encoders:
    """Read both encoders from a folder, and encode texts.

    Arguments:
        folder: Of the network and its tokenizer.
        texts: What images are told apart by.
        size: Side of the images.
        colours: Mean and deviation of their colours.
        device: Where it runs.
        dtype: What it computes in.

    Raises:
        RecipeError: The folder has no tokenizer, or weights of another network.
    """
    from transformers import CLIPModel, CLIPTokenizer

    kind = torch_dtype(dtype)
    try:
        network: Any = CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=kind)
        tokenizer: Any = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise RecipeError(f"{folder} can't be read as a CLIPModel with its tokenizer: {error}") from error
    network = network.to(device).eval().requires_grad_(False)
    longest = network.config.text_config.max_position_embeddings
    tokens = tokenizer(list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt").to(device)
    with torch.no_grad():
        hidden = network.text_model(**tokens)
        encoded = _unit(network.text_projection(hidden.pooler_output))
    mean, deviation = (torch.tensor(it, device=device).view(3, 1, 1) for it in colours)
    scale = float(network.logit_scale.exp())
    return Encoders((3, size, size), network, encoded, scale, mean, deviation, torch.device(device))


def _unit(x: Tensor) -> Tensor:
    unit: Tensor = x / x.norm(dim=-1, keepdim=True)
    return unit
