"""The networks of the diffusion autoencoder of glyphs, which see squares of pixels as one place."""

from __future__ import annotations

from pathlib import Path

import attrs
import torch
from torch import Tensor, nn

from superpose import TableSchedule
from superpose_diffae import LatentPredictor, Networks, read_classifier
from superpose_networks import assign, read_weights, ready
from superpose_networks.diffae import Decoder, Encoder, Half, LatentNet, Layout, Perceptron

_PERCEPTRON = Perceptron(layers=6, hidden=384, skips=(1, 2, 3, 4, 5), times=64, normed=True)
_NOWHERE = (False, False, False)
#: Sides of the squares that decoder and encoder see as one place: a code can do without the finest lines.
FINE, COARSE = 2, 4
LAYOUT = Layout(
    code=128,
    times=64,
    decoder=Half((64, 64, 96), 1, _NOWHERE, residual=False),
    encoder=Half((96, 128, 128), 1, _NOWHERE, residual=False),
    latent=_PERCEPTRON,
    channels=3 * FINE**2,
)


class Coder(nn.Module):
    """Encoder and decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(attrs.evolve(LAYOUT, channels=3 * COARSE**2))
        self.decoder = Decoder(LAYOUT)

    def forward(self, x: Tensor, t: Tensor, code: Tensor) -> Tensor:
        """The v of noisy images (N, 3, H, W), given times (1,) or (N,) and codes (N, E)."""
        v: Tensor = nn.functional.pixel_shuffle(self.decoder(nn.functional.pixel_unshuffle(x, FINE), t, code), FINE)
        return v

    def code(self, images: Tensor) -> Tensor:
        """The codes (N, E) of images (N, 3, H, W) in [-1, 1]."""
        codes: Tensor = self.encoder(nn.functional.pixel_unshuffle(images, COARSE))
        return codes


def load_coder(folder: Path, device: str, dtype: torch.dtype) -> Coder:
    """Both networks of a folder of weights: the decoder in ``dtype``, the encoder in float32."""
    path = folder / "diffae.safetensors"
    with torch.device("meta"):
        coder = Coder()
    for part, precision in (("encoder", torch.float32), ("decoder", dtype)):
        assign(getattr(coder, part), read_weights(path, device, precision, prefix=f"{part}."), f"{path} ({part})")
    return ready(coder)


def load(folder: Path, latent: TableSchedule, device: str, dtype: torch.dtype) -> Networks:
    """All that a folder of weights holds; what draws codes, and what knows attributes, may be missing."""
    coder, codes, attributes = load_coder(folder, device, dtype), folder / "codes.safetensors", None
    statistics = drawing = None
    if codes.exists():
        with torch.device("meta"):
            network = LatentNet(LAYOUT.code, _PERCEPTRON)
        found = read_weights(codes, device)
        statistics = found.pop("mean"), found.pop("deviation")
        assign(network, found, str(codes))
        drawing = LatentPredictor(ready(network), (LAYOUT.code, 1, 1), latent, None, torch.device(device))
    if (folder / "attributes.safetensors").exists():
        attributes = read_classifier(folder / "attributes.safetensors", device=device)
    return Networks(
        decoder=coder,
        encoder=coder.code,
        statistics=statistics,
        latent=drawing,
        classifier=attributes,
        parameterization="v",
    )
