r"""The upscaler in training: v-prediction of what the enlarged small image lacks, with a learned variance.

.. math:: L = L_v + \lambda\, \mathrm{KL}\big(q(x_{t-1} | x_t, x_0) \,\|\, p_\theta(x_{t-1} | x_t)\big), \quad
          \log \sigma_\theta^2 = f \log \beta_t + (1 - f) \log \tilde\beta_t

The second term teaches the place f between both variances alone: the mean it reads is held fixed (Nichol & Dhariwal
2021, arXiv:2102.09672). Noise on the small image, whose level the network is told, lets it enlarge what another network
drew (Ho et al. 2021, arXiv:2106.15282).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from superpose import replacing
from superpose_glyphs.train.batches import Images
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.plan import ALPHA, LEVELS, SIGMA, Plan, scales
from superpose_glyphs.train.task import Task
from superpose_glyphs.unshuffled import config
from superpose_glyphs.upscaler import HIGHEST, Residual, enlarged, painted
from superpose_networks import UNet2D, UNet2DConfig

#: Of each pixel of four, noisy and enlarged, the network reads 6 numbers, and says 6 of it: v and a variance.
CONFIG = config(32, 24, (32, 64)) | {"class_embed_type": "timestep"}

#: Weight of the variance's term, so that it doesn't disturb the other.
LAMBDA = 1e-3

# beta_t and the variance of the true step, whose first is 0 and stands for the next.
_BETA = 1 - (ALPHA / torch.cat((torch.ones(1), ALPHA[:-1]))).double().square()
_TRUE = _BETA * torch.cat((torch.zeros(1), SIGMA[:-1])).double().square() / SIGMA.double().square()
_LOG_BETA, _LOG_TRUE = _BETA.log().float(), torch.cat((_TRUE[1:2], _TRUE[1:])).log().float()


class Enlarge(NamedTuple):
    """One step's questions.

    Attributes:
        clean: Large images, shape (N, 3, H, W), in [-1, 1].
        t: Noise levels, shape (N,).
        noise: Unit normal, shaped as ``clean``.
        level: Noise levels of the small images, shape (N,).
        low_noise: Their noise, unit normal, shaped as ``clean``.
    """

    clean: Tensor
    t: Tensor
    noise: Tensor
    level: Tensor
    low_noise: Tensor


@attrs.frozen
class Enlarging(Task):
    """``glyphs-cascade``: 32 to 64 pixels."""

    name = "glyphs-cascade"
    plan = Plan(steps=12_000, batch=32, lr=1e-3)
    side = 64

    def network(self) -> UNet2D:
        """A U-Net that is told the small image's noise level where others are told a class."""
        network = UNet2D(UNet2DConfig.from_mapping(CONFIG))
        nn.init.zeros_(network.conv_out.weight)
        return network

    def batch(self, images: Images, plan: Plan, step: int) -> Enlarge:
        """Large images, noise levels and noise of both."""
        batch = images.batch(plan.seed, step, plan.batch, 0.0, LEVELS)
        rng = np.random.default_rng([plan.seed, step, 2])
        # Squared: most small images are nearly clean, for that is what other networks draw.
        level = torch.from_numpy((rng.random(plan.batch) ** 2 * (HIGHEST + 1)).astype(np.int64))
        low_noise = torch.from_numpy(rng.standard_normal(batch.clean.shape, dtype=np.float32))
        return Enlarge(batch.clean, batch.t, batch.noise, level, low_noise)

    def loss(self, network: nn.Module, batch: Enlarge, plan: Plan) -> Tensor:  # noqa: ARG002
        """Both terms."""
        alpha, sigma = scales(batch.t)
        x = alpha * batch.clean + sigma * batch.noise
        low_alpha, low_sigma = scales(batch.level)
        large = enlarged(nn.functional.avg_pool2d(batch.clean, 2))
        base = low_alpha * (low_alpha * large + low_sigma * batch.low_noise)
        residual = Residual.at(alpha, sigma, low_sigma)
        guess, place = painted(cast(UNet2D, network), x, alpha, base, batch.t, batch.level, residual)
        off = batch.clean - guess
        v: Tensor = (off / residual.wrong).square().mean()
        return v + LAMBDA * divergence(off.detach(), place, batch.t).mean()

    def export(self, network: nn.Module, folder: Path) -> None:
        """``config.json`` and weights, in the layout of ``UNet2DModel``."""
        save_halves(network.state_dict(), folder / "diffusion_pytorch_model.safetensors")
        with replacing(folder / "config.json") as path:
            path.write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")


def divergence(off: Tensor, place: Tensor, t: Tensor) -> Tensor:
    """KL from the true step to the learned one, in nats, shaped as ``off``.

    Arguments:
        off: True clean image less the guessed one, shape (N, C, H, W).
        place: Of the variance between the two, in [-1, 1], shaped as ``off``.
        t: Noise levels, shape (N,).
    """
    log_beta, log_true = (table[t, None, None, None] for table in (_LOG_BETA, _LOG_TRUE))
    share = (place + 1) / 2
    log_variance = share * log_beta + (1 - share) * log_true
    before = torch.cat((torch.ones(1), ALPHA[:-1]))
    mean_off = off * (before * _BETA.float() / SIGMA.square())[t, None, None, None]
    return 0.5 * ((log_true - log_variance).exp() - 1 + log_variance - log_true + mean_off**2 * (-log_variance).exp())
