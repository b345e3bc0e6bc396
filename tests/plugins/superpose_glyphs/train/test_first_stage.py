"""The first stage in training: its loss is that of a variational autoencoder, its files are those of diffusers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from known_answers import Oracle, near, normal
from made_glyphs import some_images
from superpose_glyphs.train.first_stage import CONFIG, Coded, FirstStage, encoded, write_first_stage
from superpose_glyphs.train.plan import Plan


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_first_stage(wrong: float) -> None:
    clean, noise, mean, log_variance = (normal(4, 2, 2, seed=seed) for seed in range(4))
    same: Callable[[Tensor], Tensor] = lambda one: one  # noqa: E731
    decoder = Oracle(clean + wrong)
    first: Any = SimpleNamespace(
        encoder=Oracle(torch.cat((mean, log_variance), 1)), quant_conv=same, post_quant_conv=same, decoder=decoder
    )
    loss = FirstStage().loss(first, Coded(clean, noise), Plan())
    deviation = log_variance.exp().sqrt()
    near(decoder.asked[0], mean + deviation * noise)
    nats = kl_divergence(Normal(mean, deviation), Normal(0.0, 1.0)).mean()
    near((loss - wrong**2) / 2e-4, nats)


def test_its_questions_are_images_and_noise_of_their_latents() -> None:
    batch = FirstStage().batch(some_images(), Plan(batch=5), 3)
    assert batch.clean.shape == (5, 3, 32, 32)
    assert batch.noise.shape == (5, 4, 8, 8)
    assert np.abs(batch.clean.numpy()).max() <= 1


def test_diffusers_reads_what_was_trained(tmp_path: Path) -> None:
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    first = FirstStage().network().eval()
    write_first_stage(first, 0.25, tmp_path)
    assert json.loads((tmp_path / "config.json").read_text()) == CONFIG | {"scaling_factor": 0.25}
    theirs = diffusers.AutoencoderKL.from_pretrained(tmp_path, torch_dtype=torch.float32)
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        ours, wanted = encoded(first, images), theirs.encode(images).latent_dist.parameters
    torch.testing.assert_close(ours, wanted, atol=5e-3, rtol=5e-3)  # the file's are halves
