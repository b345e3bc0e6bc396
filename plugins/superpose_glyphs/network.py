"""The glyph network while it is trained: the class table in two factors, and what is kept on disk."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import save
from torch import Tensor, nn

from superpose.nn import UNet2D, UNet2DConfig
from superpose_glyphs.files import replacing
from superpose_glyphs.vocabulary import GLYPHS, PROMPTS

CHARACTERS = len(GLYPHS)
STYLES = 2

CONFIG = {
    "_class_name": "UNet2DModel",
    "sample_size": 16,
    "in_channels": 12,
    "out_channels": 12,
    "block_out_channels": [48, 96],
    "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "UpBlock2D"],
    "mid_block_type": None,
    "attention_head_dim": None,
    "norm_num_groups": 8,
    "num_class_embeds": len(PROMPTS),
}


class GlyphInStyle(nn.Module):
    """A character's row plus a style's row: what is learned of a plain A serves the coloured A.

    It stands for a table of ``character + 62 * style``, with a last row for no prompt.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.g = nn.Embedding(CHARACTERS + 1, width)
        self.s = nn.Embedding(STYLES + 1, width)

    def forward(self, labels: Tensor) -> Tensor:
        none = labels == STYLES * CHARACTERS
        embedding: Tensor = self.g(torch.where(none, CHARACTERS, labels % CHARACTERS)) + self.s(labels // CHARACTERS)
        return embedding


def trainable() -> UNet2D:
    """A fresh network with the class table in factors."""
    network = UNet2D(UNet2DConfig.from_mapping(CONFIG))
    network.class_embedding = GlyphInStyle(network.config.time_width)
    # An output of zero is the best guess of an untrained network, and its gradients start calm.
    nn.init.zeros_(network.conv_out.weight)
    return network.train()


def see(network: UNet2D, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
    """What a network says of images (N, 3, H, W): squares of pixels become channels, as many as it reads, and back."""
    side = math.isqrt(network.config.in_channels // 3)
    if side == 1:
        return network(x, t, labels)
    return nn.functional.pixel_shuffle(network(nn.functional.pixel_unshuffle(x, side), t, labels), side)


def export(network: UNet2D, folder: Path) -> None:
    """Write ``config.json`` and float16 weights in the published layout, the class table multiplied out.

    Raises:
        OSError: The folder cannot be written.
    """
    weights = {name: value for name, value in network.state_dict().items() if "class_embedding" not in name}
    with torch.no_grad():
        weights["class_embedding.weight"] = cast(nn.Module, network.class_embedding)(torch.arange(len(PROMPTS)))
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: value.to(torch.float16).contiguous() for name, value in weights.items()}
    with replacing(folder / "diffusion_pytorch_model.safetensors") as path:
        path.write_bytes(save(halves, metadata={"format": "pt"}))
    with replacing(folder / "config.json") as path:
        path.write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
