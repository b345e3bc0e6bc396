"""The upscaler's second loss, against distributions of torch, and what it sees."""

from __future__ import annotations

import diffusers
import torch

from superpose_glyphs.enlarging import divergence
from superpose_glyphs.plan import ALPHA, SIGMA
from superpose_glyphs.upscaler import enlarged


def test_divergence_is_between_two_steps_of_ddpm() -> None:
    ddpm = diffusers.DDPMScheduler(
        beta_schedule="squaredcos_cap_v2", variance_type="learned_range", prediction_type="sample", clip_sample=False
    )
    torch.manual_seed(0)
    clean, guess, place = torch.randn(3, 1, 3, 4, 4)
    for t in (1, 20, 500, 998):
        x = ALPHA[t] * clean + SIGMA[t] * torch.randn_like(clean)
        means, logs = [], []
        for image, where in ((clean, -torch.ones_like(place)), (guess, place.tanh())):
            log = ddpm._get_variance(t, predicted_variance=where, variance_type="learned_range")
            # Halfway between two runs that differ in the sign of their noise lies the mean of the step.
            means.append(_mean(ddpm, image, t, x))
            logs.append(log)
        true, learned = (torch.distributions.Normal(m, (log / 2).exp()) for m, log in zip(means, logs, strict=True))
        want = torch.distributions.kl_divergence(true, learned)
        got = divergence(clean - guess, place.tanh(), torch.tensor([t]))
        torch.testing.assert_close(got, want, rtol=2e-3, atol=1e-4)


def _mean(ddpm: diffusers.DDPMScheduler, clean: torch.Tensor, t: int, x: torch.Tensor) -> torch.Tensor:
    kept, before = ddpm.alphas_cumprod[t], ddpm.alphas_cumprod[t - 1]
    alpha = kept / before
    return (before.sqrt() * (1 - alpha) * clean + alpha.sqrt() * (1 - before) * x) / (1 - kept)


def test_enlarged_keeps_the_mean_of_flat_images() -> None:
    flat = torch.full((2, 3, 4, 4), 0.3)
    torch.testing.assert_close(enlarged(flat), torch.full((2, 3, 8, 8), 0.3))
