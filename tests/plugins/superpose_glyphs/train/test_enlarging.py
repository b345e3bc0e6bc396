"""The upscaler's second loss, against distributions of torch, and what it sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import nn
from torch.distributions import Normal, kl_divergence

from known_answers import COSINE, Squares, T, near, normal, published
from superpose import loads, make, prompted, sample
from superpose_glyphs.model import GlyphsCascade
from superpose_glyphs.train.enlarging import Enlarge, Enlarging, divergence
from superpose_glyphs.train.plan import ALPHA, SIGMA, Plan


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


def test_a_cascade_of_two_stages_runs(tmp_path: Path) -> None:
    task = Enlarging()
    task.export(task.network(), tmp_path)
    recipe = f"""
    prompt = "R"
    [model]
    kind = "glyphs"
    [scheduler]
    kind = "ddim"
    steps = 2
    [[stage]]
    scheduler = {{ kind = "ddpm", steps = 2 }}
    model = {{ kind = "glyphs-cascade", path = '{tmp_path}' }}
    """
    loads(recipe, name="cascade")


def test_letters_come_nearer_than_by_bicubic_enlarging() -> None:
    """Letters of a typeface that pillow brings, in three colours."""
    large = torch.stack([letter(*drawn) for drawn in (("R", "black"), ("g", "darkgreen"), ("4", "navy"))])
    small = torch.nn.functional.avg_pool2d(large, 2)
    predictor = GlyphsCascade().load()
    ours = sample(prompted(predictor, ""), make("scheduler", "ddim", steps=2), predictor, samples=3, low=small)
    bicubic = torch.nn.functional.interpolate(small, scale_factor=2, mode="bicubic").clamp(-1, 1)
    error, other = ((image - large).square().mean() for image in (ours, bicubic))
    assert 10 * torch.log10(other / error) > 2


def letter(text: str, ink: str) -> torch.Tensor:
    image = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(image).text((128, 128), text, ink, ImageFont.load_default(210), anchor="mm")
    return torch.from_numpy(np.array(image.resize((64, 64), Image.Resampling.BOX))).permute(2, 0, 1) / 127.5 - 1


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_enlarging(wrong: float) -> None:
    clean, noise, low_noise = (normal(3, 8, 8, seed=seed) for seed in range(3))
    level, place = torch.tensor([0, 20, 100, 250, 400]), normal(3, 8, 8, seed=3).tanh()
    ddpm = published(COSINE)
    kept, low_kept = (ddpm.alphas_cumprod[t, None, None, None] for t in (T, level))
    low = nn.functional.avg_pool2d(clean, 2)
    large = nn.functional.interpolate(low, scale_factor=2, mode="bilinear")
    base = low_kept.sqrt() * ddpm.add_noise(large, low_noise, level)
    # What is left to find, of deviation q, is a signal in noise like any other, at scales whose squares sum to 1.
    q = (0.13**2 + 1 - low_kept).sqrt()
    d = (kept * q**2 + 1 - kept).sqrt()
    signal, hiss, left = kept.sqrt() * q / d, (1 - kept).sqrt() / d, (clean - base) / q
    v = signal * noise - hiss * left
    oracle = Squares(torch.cat((v + wrong, place), 1), 24)
    loss = Enlarging().loss(oracle, Enlarge(clean, T, noise, level, low_noise), Plan())
    near(oracle.image, torch.cat((signal * left + hiss * noise, base), 1))
    assert torch.equal(oracle.asked[2], level)
    ddpm.config.variance_type = "learned_range"
    off, nats = hiss * q * wrong, []
    for row, t in enumerate(T):
        before = ddpm.alphas_cumprod[t - 1]
        mean_off = before.sqrt() * (1 - kept[row] / before) / (1 - kept[row]) * off[row]
        true, said = ((ddpm._get_variance(t, where) / 2).exp() for where in (-torch.ones_like(v[row]), place[row]))
        nats.append(kl_divergence(Normal(0.0, true), Normal(mean_off.expand_as(said), said)).mean())
    near((loss - wrong**2) / 1e-3, torch.stack(nats).mean())
