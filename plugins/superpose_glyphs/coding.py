r"""The diffusion autoencoder in training: an encoder says in a code what a decoder needs to remove noise.

.. math:: L = \min(\alpha_t^{-2}, 20)\, \lVert \epsilon - \epsilon_\theta(x_t, t, E_\phi(x_0)) \rVert^2

(Preechakul et al. 2022, arXiv:2111.15640, on its linear betas.)
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from superpose.nn.diffae import LatentNet, Perceptron
from superpose_glyphs.batches import Batch, Images, spread
from superpose_glyphs.coder import LAYOUT, Coder, load_coder
from superpose_glyphs.files import save_halves
from superpose_glyphs.plan import LEVELS, Plan
from superpose_glyphs.task import Task

_KEPT = (1 - torch.linspace(1e-4, 0.02, LEVELS, dtype=torch.float64)).cumprod(0)
#: Highest weight of a noise level.
HEAVIEST = 20.0

#: The betas of codes are all the same, as in every published model.
LATENT_BETA = 0.008

ALPHA, SIGMA = _KEPT.sqrt().float(), (1 - _KEPT).sqrt().float()


@attrs.frozen
class Coding(Task):
    """``glyphs-diffae``: images to codes, and noise and codes to images."""

    name = "glyphs-diffae"
    plan = Plan(steps=4500, batch=32, lr=1e-3, unprompted=0.0)

    def network(self) -> Coder:
        """Both networks."""
        coder = Coder()
        nn.init.zeros_(coder.decoder.conv_out.weight)
        return coder

    def batch(self, images: Images, plan: Plan, step: int) -> Batch:
        """Images, noise levels, noise."""
        return images.batch(plan.seed, step, plan.batch, plan.unprompted, LEVELS)

    def loss(self, network: nn.Module, batch: Batch, plan: Plan) -> Tensor:  # noqa: ARG002
        """The weighted mean square error of the noise."""
        alpha, sigma = (table[batch.t, None, None, None] for table in (ALPHA, SIGMA))
        code = cast(Coder, network).code(batch.clean)
        guess = network(alpha * batch.clean + sigma * batch.noise, batch.t, code)
        # Weighted as an error of v: where noise rules, only the code can tell what is hidden.
        weight = (1 / alpha.square()).clamp(max=HEAVIEST)
        mean: Tensor = (weight * (guess.float() - batch.noise) ** 2).mean()
        return mean

    def export(self, network: nn.Module, folder: Path) -> None:
        """Both networks, by the names they have here."""
        save_halves(network.state_dict(), folder / "diffae.safetensors")


class Drawn(NamedTuple):
    """One step's images, shape (N, 3, H, W) in [-1, 1], their codes' noise levels (N,), and noise (N, E)."""

    clean: Tensor
    t: Tensor
    noise: Tensor


class Drawing(nn.Module):
    """The latent network beside the encoder that makes the codes it learns, which doesn't learn itself."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.coder = Coder().requires_grad_(requires_grad=False)
        self.latent = LatentNet(LAYOUT.code, cast(Perceptron, LAYOUT.latent))
        self.register_buffer("mean", torch.zeros(1, LAYOUT.code))
        self.register_buffer("deviation", torch.ones(1, LAYOUT.code))

    @torch.no_grad()
    def normed(self, images: Tensor) -> Tensor:
        """The codes of images, each of their numbers with mean 0 and deviation 1."""
        return (self.coder.code(images).float() - self.mean) / self.deviation


@attrs.frozen
class DrawingCodes(Task):
    """``glyphs-diffae-codes``: codes drawn at random, in the space of a finished ``glyphs-diffae``."""

    name = "glyphs-diffae-codes"
    plan = Plan(steps=2500, batch=128, lr=1e-3, unprompted=0.0)

    def network(self) -> Drawing:
        """The latent network, beside the autoencoder that ``after`` holds."""
        drawing = Drawing()
        if self.after is not None:
            drawing.coder.load_state_dict(load_coder(self.after, "cpu", torch.float32).state_dict())
        return drawing

    def prepare(self, network: nn.Module, images: Images) -> None:
        """Measure mean and deviation of codes, on two thousand images."""
        rng, drawing = np.random.default_rng(0), cast(Drawing, network)
        clean, _ = images.painted(rng.integers(0, len(images.pixels), 2048), rng)
        codes = torch.cat([drawing.normed(part) for part in torch.from_numpy(clean).split(64)])
        drawing.mean.copy_(codes.mean(0, keepdim=True))
        drawing.deviation.copy_(codes.std(0, keepdim=True))

    def batch(self, images: Images, plan: Plan, step: int) -> Drawn:
        """Images, noise levels, noise."""
        rng = np.random.default_rng([plan.seed, step])
        clean, _ = images.painted(images.rows(plan.seed, step, plan.batch), rng)
        t, noise = spread(rng, plan.batch, LEVELS), rng.standard_normal((plan.batch, LAYOUT.code), dtype=np.float32)
        return Drawn(*map(torch.from_numpy, (clean, t, noise)))

    def loss(self, network: nn.Module, batch: Drawn, plan: Plan) -> Tensor:  # noqa: ARG002
        """The mean square error of the noise in codes."""
        drawing = cast(Drawing, network)
        kept = ((1 - LATENT_BETA) ** (batch.t + 1.0))[:, None]
        z = kept.sqrt() * drawing.normed(batch.clean) + (1 - kept).sqrt() * batch.noise
        return nn.functional.mse_loss(drawing.latent(z, batch.t).float(), batch.noise)

    def export(self, network: nn.Module, folder: Path) -> None:
        """``codes.safetensors``: the latent network, mean and deviation of codes."""
        drawing = cast(Drawing, network)
        statistics = {"mean": drawing.mean, "deviation": drawing.deviation}
        save_halves(drawing.latent.state_dict() | statistics, folder / "codes.safetensors")
