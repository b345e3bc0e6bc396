"""CLIP's encoders, ready to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import attrs
import torch
from torch import Tensor, nn

from superpose import ClassifierPredictor, NetworkClassifier, RecipeError, torch_dtype

if TYPE_CHECKING:
    from superpose import Backend, NoiseLevel


class Cosines(nn.Module):
    """Cosines of images (N, 3, H, W) in [-1, 1] with texts over the temperature: (N, classes).

    Arguments:
        network: The ``CLIPModel``.
        texts: Unit vectors of the texts, shape (classes, D).
        scale: One over the temperature.
        mean: Of the colours, shape (3, 1, 1).
        deviation: Of the colours, shape (3, 1, 1).
    """

    def __init__(self, network: Any, texts: Tensor, scale: float, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.vision, self.projection, self.scale = network.vision_model, network.visual_projection, scale
        self.texts, self.mean, self.deviation = texts, mean, deviation

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Of clean images, whatever the time."""
        del t
        pixels = ((x + 1) / 2 - self.mean) / self.deviation
        hidden = self.vision(pixel_values=pixels.to(self.texts.dtype))
        return self.scale * _unit(self.projection(hidden.pooler_output)) @ self.texts.T


@final
@attrs.define(eq=False)
class Encoders(ClassifierPredictor):
    """Encoder of images, and texts that are encoded.

    Attributes:
        shape: (C, H, W) of the images it reads.
        cosines: Gives their cosines over the temperature.
        device: Where it runs.
    """

    shape: tuple[int, int, int]
    cosines: Cosines
    device: torch.device
    _asked: NetworkClassifier = attrs.field(init=False)

    @_asked.default
    def _compilable(self) -> NetworkClassifier:
        return NetworkClassifier(self.shape, self.cosines, self.device)

    def compile(self, backend: Backend = "inductor") -> bool:
        """Compile the encoder of images."""
        return self._asked.compile(backend)

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """Cosines with the texts over the temperature."""
        return self._asked.logits(x, level)

    def alignment(self, logits: Tensor) -> Tensor:
        """Cosines."""
        return logits / self.cosines.scale


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
    cosines = Cosines(network, encoded, scale, mean, deviation)
    return Encoders((3, size, size), cosines, torch.device(device))


def _unit(x: Tensor) -> Tensor:
    unit: Tensor = x / x.norm(dim=-1, keepdim=True)
    return unit
