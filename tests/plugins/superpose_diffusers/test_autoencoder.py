"""The autoencoder: latents of images as in diffusers, in float32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import superpose


def test_the_autoencoder_stays_in_float32(saved: Callable[[str], Path]) -> None:
    model: Any = superpose.model("diffusers", path=saved("sdxl"), dtype="bfloat16")
    assert (model.network.dtype, model.encode_prompt.pipeline.text_encoder.dtype) == (torch.bfloat16, torch.bfloat16)
    assert model.autoencoder.network.dtype == torch.float32
    x, level = torch.randn(1, *model.shape), model.schedule.level(0, 500)
    half = model.predict(x, level, model.condition("a ball").tensors).output
    whole: Any = superpose.model("diffusers", path=saved("sdxl"))
    want = whole.predict(x, level, whole.condition("a ball").tensors).output
    assert half.dtype == torch.bfloat16
    assert (half - want).square().mean().sqrt() < 0.05 * want.std()


@pytest.mark.parametrize("name", ["sdxl", "sd3", "sana", "latent diffusion"])
def test_latents_of_images_as_in_diffusers(name: str, saved: Callable[[str], Path]) -> None:
    model: Any = superpose.model("diffusers", path=saved(name))
    network = model.autoencoder.network
    images = torch.rand(2, *model.image_shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    said = network.encode(images)
    raw: Tensor
    if name == "sana":
        raw = said.latent
    else:
        raw = said.latents if name == "latent diffusion" else said.latent_dist.mode()
    config = network.config
    want = (raw - (getattr(config, "shift_factor", None) or 0.0)) * config.scaling_factor
    if name == "sdxl":
        mean, deviation = torch.tensor(config.latents_mean), torch.tensor(config.latents_std)
        want = (raw - mean.view(1, 4, 1, 1)) * config.scaling_factor / deviation.view(1, 4, 1, 1)
    states = model.encode(images)
    torch.testing.assert_close(states, want)
    torch.testing.assert_close(model.decode(states), network.decode(raw).sample, rtol=1e-4, atol=1e-5)
