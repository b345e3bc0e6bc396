"""The upscaler's second loss, against distributions of torch, and what it sees."""

from __future__ import annotations

from typing import Any

import diffusers
import torch
from torch.distributions import Normal, kl_divergence

from superpose_glyphs.enlarging import divergence
from superpose_glyphs.plan import ALPHA, SIGMA
from superpose_glyphs.upscaler import enlarged


def test_divergence_is_between_two_steps_of_ddpm() -> None:
    scheduler: Any = diffusers.DDPMScheduler
    ddpm = scheduler(beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    torch.manual_seed(0)
    clean, guess, noise, place = torch.randn(4, 1, 3, 4, 4)
    place = place.tanh()
    for t in (1, 20, 500, 998):
        x = ALPHA[t] * clean + SIGMA[t] * noise
        kept, before = ddpm.alphas_cumprod[t], ddpm.alphas_cumprod[t - 1]
        # Ho et al. 2020, eq. 7.
        of_clean, of_x = before.sqrt() * (1 - kept / before) / (1 - kept), (kept / before).sqrt() * (1 - before)
        true, learned = (
            Normal(of_clean * image + of_x / (1 - kept) * x, (ddpm._get_variance(t, where) / 2).exp())
            for image, where in ((clean, -torch.ones_like(place)), (guess, place))
        )
        got = divergence(clean - guess, place, torch.tensor([t]))
        torch.testing.assert_close(got, kl_divergence(true, learned), rtol=2e-3, atol=1e-4)


def test_enlarged_keeps_flat_images_flat() -> None:
    flat = torch.full((2, 3, 4, 4), 0.3)
    torch.testing.assert_close(enlarged(flat), torch.full((2, 3, 8, 8), 0.3))
