r"""The diffusion autoencoder in training: an encoder says in a code what a decoder needs to remove noise.

.. math:: L = \lVert \epsilon - \epsilon_\theta(x_t, t, E_\phi(x_0)) \rVert^2

(Preechakul et al. 2022, arXiv:2111.15640, on its linear betas.)
"""

from __future__ import annotations

from pathlib import Path

import attrs
import torch
from torch import Tensor, nn

from superpose_diffae.layout import Half, Layout, Perceptron
from superpose_diffae.networks import Decoder, Encoder, LatentNet
from superpose_glyphs.batches import Batch, Images
from superpose_glyphs.files import save_halves
from superpose_glyphs.plan import LEVELS, Plan
from superpose_glyphs.task import Task

_WIDTHS = (64, 96)
LAYOUT = Layout(
    code=96,
    times=64,
    decoder=Half(_WIDTHS, 1, (False,) * 2, residual=False),
    encoder=Half((*_WIDTHS, 128), 1, (False,) * 3, residual=False),
    latent=Perceptron(layers=6, hidden=384, skips=tuple(range(1, 6)), times=64, normed=True),
    channels=12,
)

_KEPT = (1 - torch.linspace(1e-4, 0.02, LEVELS, dtype=torch.float64)).cumprod(0)
ALPHA, SIGMA = _KEPT.sqrt().float(), (1 - _KEPT).sqrt().float()


class Coder(nn.Module):
    """Encoder and decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(LAYOUT), Decoder(LAYOUT)
        nn.init.zeros_(self.decoder.conv_out.weight)

    def forward(self, x: Tensor, t: Tensor, code: Tensor) -> Tensor:
        """The noise in images (N, 3, H, W), whose squares of four pixels the decoder takes for one place."""
        noise: Tensor = nn.functional.pixel_shuffle(self.decoder(nn.functional.pixel_unshuffle(x, 2), t, code), 2)
        return noise

    def code(self, images: Tensor) -> Tensor:
        """The codes (N, E) of images (N, 3, H, W) in [-1, 1]."""
        codes: Tensor = self.encoder(nn.functional.pixel_unshuffle(images, 2))
        return codes


@attrs.frozen
class Coding(Task):
    """``glyphs-diffae``: images to codes, and noise and codes to images."""

    name = "glyphs-diffae"
    plan = Plan(steps=4500, batch=32, lr=1e-3, unprompted=0.0)

    def network(self) -> Coder:
        """Both networks."""
        return Coder()

    def batch(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images, noise levels, noise."""
        return images.batch(plan.seed, step, plan.batch, plan.unprompted, LEVELS)

    def loss(self, network: nn.Module, batch: Batch, plan: Plan) -> Tensor:  # noqa: ARG002
        """The mean square error of the noise."""
        alpha, sigma = (table[batch.t, None, None, None] for table in (ALPHA, SIGMA))
        code = network.code(batch.clean)
        guess = network(alpha * batch.clean + sigma * batch.noise, batch.t, code)
        return nn.functional.mse_loss(guess.float(), batch.noise)

    def export(self, network: nn.Module, folder: Path) -> None:
        """Both networks, by the names they have here."""
        save_halves(network.state_dict(), folder / "diffae.safetensors")
