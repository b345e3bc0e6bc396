"""The networks of the diffusion autoencoder of glyphs, which see squares of pixels as one place."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import attrs
import torch
from torch import Tensor, nn

from superpose import RecipeError, TableSchedule
from superpose_diffae import LatentPredictor, Networks, read_classifier
from superpose_networks import LazyNetwork, Part, WeightFile, load_together
from superpose_networks.diffae import Decoder, Encoder, Half, LatentNet, Layout, Perceptron

_PERCEPTRON = Perceptron(layers=6, hidden=384, skips=(1, 2, 3, 4, 5), times=64, normed=True)
_NOWHERE = (False, False, False)
#: Sides of the squares that decoder and encoder see as one place: a code can do without the finest lines.
FINE, COARSE = 2, 4
#: What the file of codes calls their mean and deviation.
STATISTICS = ("mean", "deviation")
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

    def __init__(self, encoder: Encoder | None = None, decoder: Decoder | None = None) -> None:
        super().__init__()
        self.encoder = encoder or Encoder(attrs.evolve(LAYOUT, channels=3 * COARSE**2))
        self.decoder = decoder or Decoder(LAYOUT)

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
    return Coded(folder).coder(device, dtype)


@attrs.frozen(eq=False, slots=False)  # what is read once is kept
class Coded:
    """A folder of weights; what draws codes, and what knows attributes, may be missing."""

    folder: Path

    @cached_property
    def networks(self) -> tuple[LazyNetwork[Encoder], LazyNetwork[Decoder]]:
        """Encoder and decoder."""
        file = WeightFile(self.folder / "diffae.safetensors")
        see = attrs.evolve(LAYOUT, channels=3 * COARSE**2)
        return (
            LazyNetwork(lambda: Encoder(see), file, part=Part(prefix="encoder."), title="encoder"),
            LazyNetwork(lambda: Decoder(LAYOUT), file, part=Part(prefix="decoder."), title="decoder"),
        )

    @cached_property
    def codes(self) -> WeightFile | None:
        """What draws codes, and their mean and deviation."""
        path = self.folder / "codes.safetensors"
        return WeightFile(path, wanted=STATISTICS) if path.exists() else None

    def coder(self, device: str, dtype: str | torch.dtype) -> Coder:
        """Encoder and decoder."""
        encoder, decoder = self.networks
        return Coder(*load_together(device, (encoder, torch.float32), (decoder, dtype))).eval()

    def load(self, latent: TableSchedule, device: str, dtype: str) -> Networks:
        """All that the folder holds."""
        coder, attributes = self.coder(device, dtype), self.folder / "attributes.safetensors"
        statistics = drawing = None
        if self.codes is not None:
            held = self.codes.header.values
            if missing := [name for name in STATISTICS if name not in held]:
                raise RecipeError(f"{self.folder / 'codes.safetensors'} has no {missing[0]} of codes")
            mean, deviation = (held[name].to(device) for name in STATISTICS)
            statistics = mean, deviation
            lazy = LazyNetwork(lambda: LatentNet(LAYOUT.code, _PERCEPTRON), self.codes, _without_statistics)
            network = lazy.load(device, torch.float32)
            drawing = LatentPredictor(network, (LAYOUT.code, 1, 1), latent, None, torch.device(device))
        return Networks(
            decoder=coder,
            encoder=coder.code,
            statistics=statistics,
            latent=drawing,
            classifier=read_classifier(attributes, device=device) if attributes.exists() else None,
            parameterization="v",
        )


def _without_statistics(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in weights.items() if name not in STATISTICS}
