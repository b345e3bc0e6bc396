r"""The first stage of the latent model in training: images to Gaussians of latents and back.

.. math:: L = \lVert x - D(z) \rVert^2 + \kappa\, \mathrm{KL}\big(N(m, s^2) \,\|\, N(0, 1)\big), \quad z \sim N(m, s^2)

(Kingma & Welling 2013, arXiv:1312.6114, with a small :math:`\kappa` as in Rombach et al. 2022, arXiv:2112.10752.)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, cast

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from superpose import replacing
from superpose_glyphs.train.batches import Images
from superpose_glyphs.train.files import save_halves
from superpose_glyphs.train.phrased import shown
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.task import Task
from superpose_networks.latent import Autoencoder, diffusers_autoencoder

#: Of 32x32 pixels of 3 channels, 8x8 places of 4. Most of the work is done where an image is small.
CONFIG: dict[str, Any] = {
    "_class_name": "AutoencoderKL",
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "block_out_channels": [16, 48, 96],
    "layers_per_block": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "mid_block_add_attention": False,
    "norm_num_groups": 8,
    "sample_size": 32,
    "scaling_factor": 1.0,
}

#: Weight of the Gaussian's divergence, in nats a latent: it keeps latents near zero and no more.
KAPPA = 2e-4


class Coded(NamedTuple):
    """One step's images, shape (N, 3, H, W) in [-1, 1], and the unit normal noise of their latents."""

    clean: Tensor
    noise: Tensor


@attrs.frozen
class FirstStage(Task):
    """``glyphs-first-stage``: the autoencoder of ``glyphs-ldm``."""

    name = "glyphs-first-stage"
    plan = Plan(steps=4000, batch=32, lr=1.5e-3)

    def network(self) -> Autoencoder:
        """An autoencoder whose latents are not scaled yet."""
        return Autoencoder(diffusers_autoencoder("the first stage of glyphs-ldm", CONFIG))

    def batch(self, images: Images, plan: Plan, step: int) -> Coded:
        """Images in the colours of phrases, and noise."""
        rng = np.random.default_rng([plan.seed, step])
        clean, _ = shown(images, images.rows(plan.seed, step, plan.batch), rng)
        shape = plan.batch, CONFIG["latent_channels"], self.side // 4, self.side // 4
        return Coded(clean, torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)))

    def loss(self, network: nn.Module, batch: Coded, plan: Plan) -> Tensor:  # noqa: ARG002
        """Both terms."""
        first = cast(Autoencoder, network)
        mean, log_variance = (one.float() for one in encoded(first, batch.clean).chunk(2, dim=1))
        z = mean + (log_variance / 2).exp() * batch.noise
        image = first.decoder(cast(nn.Conv2d, first.post_quant_conv)(z))
        nats = (mean**2 + log_variance.exp() - 1 - log_variance) / 2
        return nn.functional.mse_loss(image.float(), batch.clean) + KAPPA * nats.mean()

    def export(self, network: nn.Module, folder: Path) -> None:
        """``config.json`` and weights, in the layout of ``AutoencoderKL``."""
        write_first_stage(cast(Autoencoder, network), CONFIG["scaling_factor"], folder)


def encoded(first: Autoencoder, images: Tensor) -> Tensor:
    """Mean and log-variance of images, one after the other in channels: all images at once, for training."""
    moments: Tensor = cast(nn.Conv2d, first.quant_conv)(first.encoder(images))
    return moments


def write_first_stage(first: Autoencoder, scale: float, folder: Path) -> None:
    """Write it in the layout of ``AutoencoderKL``, with the scale of its latents."""
    save_halves(first.state_dict(), folder / "diffusion_pytorch_model.safetensors")
    with replacing(folder / "config.json") as path:
        path.write_text(json.dumps(CONFIG | {"scaling_factor": scale}, indent=2) + "\n", encoding="utf-8")
