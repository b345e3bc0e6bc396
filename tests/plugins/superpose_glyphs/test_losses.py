"""Each task's question, target and weight, against diffusers' schedulers and closed forms.

A network that knows the answer stands in for the one that learns: where it is right the loss is none, and where it is
wrong by a known amount the loss is known. It sees what the task asks, which is compared too.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from superpose_glyphs.train.batches import Batch, Images
from superpose_glyphs.train.captioned import Captioned, Captioning
from superpose_glyphs.train.coding import Coding, DrawingCodes, Drawn, Pairs
from superpose_glyphs.train.enlarging import Enlarge, Enlarging
from superpose_glyphs.train.first_stage import Coded, FirstStage
from superpose_glyphs.train.latent_words import LatentWords, Phrased
from superpose_glyphs.train.pixels import Pixels
from superpose_glyphs.train.plan import Plan
from superpose_glyphs.train.reading import Questions, Reading
from superpose_glyphs.train.training import Training

T = torch.tensor([3, 250, 500, 750, 996])
COSINE = {"beta_schedule": "squaredcos_cap_v2"}
LINEAR = {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}
CONSTANT = {"trained_betas": np.full(1000, 0.008)}
WRONG = pytest.mark.parametrize("wrong", [0.0, 1.0])


def published(options: dict[str, Any]) -> Any:
    scheduler: Any = diffusers.DDPMScheduler
    return scheduler(**options)


def near(got: Tensor, want: Tensor) -> None:
    torch.testing.assert_close(got, want, rtol=2e-3, atol=2e-4)


class Oracle(nn.Module):
    """Says what it was told to say, and keeps what it is asked."""

    def __init__(self, answer: Tensor, **more: Any) -> None:
        super().__init__()
        self.answer, self.asked = answer, tuple[Tensor, ...]()
        for name, value in more.items():
            setattr(self, name, value)

    def forward(self, *asked: Tensor) -> Tensor:
        self.asked = asked
        return self.answer


class Squares(Oracle):
    """One that is asked in squares of pixels, as `see` does."""

    def __init__(self, answer: Tensor, channels: int) -> None:
        super().__init__(nn.functional.pixel_unshuffle(answer, 2), config=SimpleNamespace(in_channels=channels))
        self.conv_in = nn.Conv2d(channels, 1, 1)

    @property
    def image(self) -> Tensor:
        return nn.functional.pixel_shuffle(self.asked[0], 2)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(len(T), *shape, generator=torch.Generator().manual_seed(seed))


def snr(options: dict[str, Any]) -> Tensor:
    kept = published(options).alphas_cumprod.double()[T]
    return kept / (1 - kept)


@WRONG
def test_pixels(wrong: float) -> None:
    clean, noise, label = normal(3, 8, 8), normal(3, 8, 8, seed=1), torch.arange(5)
    ddpm = published(COSINE)
    oracle = Squares(ddpm.get_velocity(clean, noise, T) + wrong, 12)
    loss = Pixels().loss(oracle, Batch(clean, label, T, noise), Plan(gamma=5.0))
    near(oracle.image, ddpm.add_noise(clean, noise, T))
    assert torch.equal(oracle.asked[1], T)
    assert torch.equal(oracle.asked[2], label)
    # Hang et al. 2023 have min(SNR, gamma) / (SNR + 1) for v, which falls where noise rules; this one does not.
    weight = (6 / (snr(COSINE) + 1)).clamp(max=1)
    near(loss, wrong**2 * weight.mean().float())


@WRONG
def test_captions(wrong: float) -> None:
    clean, noise, rows = normal(3, 8, 8), normal(3, 8, 8, seed=1), torch.arange(20).view(5, 4)
    oracle = Oracle(clean + wrong)
    loss = Captioning().loss(oracle, Captioned(clean, rows, T, noise), Plan(gamma=5.0))
    near(oracle.asked[0], published(COSINE).add_noise(clean, noise, T))
    assert torch.equal(oracle.asked[2], rows)
    # An error of the clean image is one of v times sigma, whose square is 1 / (SNR + 1).
    weight = (6 / (snr(COSINE) + 1)).clamp(max=1) * (snr(COSINE) + 1)
    near(loss, wrong**2 * weight.mean().float())


@WRONG
def test_latent_words(wrong: float) -> None:
    latents, noise, words = normal(4, 8, 8), normal(4, 8, 8, seed=1), torch.arange(10).view(5, 2)
    ddpm = published(COSINE)
    oracle = Oracle(ddpm.get_velocity(latents, noise, T) + wrong, latents=lambda images: images[:, :, :8, :8])
    clean = nn.functional.pad(latents, (0, 4))
    loss = LatentWords().loss(oracle, Phrased(clean, words, T, noise), Plan(gamma=5.0))
    near(oracle.asked[0], ddpm.add_noise(latents, noise, T))
    near(loss, wrong**2 * (6 / (snr(COSINE) + 1)).clamp(max=1).mean().float())


@WRONG
def test_coding(wrong: float) -> None:
    shown, clean, noise = (normal(3, 8, 8, seed=seed) for seed in range(3))
    told, wanted = torch.eye(5)[:, :3], torch.eye(5)[:, 2:]
    codes, scores = normal(7, seed=3), normal(3, seed=4)
    ddpm, asked = published(LINEAR), dict[str, Tensor]()

    def code(images: Tensor) -> Tensor:
        assert torch.equal(images, shown)
        return codes

    def moved(code: Tensor, change: Tensor) -> Tensor:
        asked["change"] = change
        return code + 1

    coder = Oracle(ddpm.get_velocity(clean, noise, T) + wrong, code=code)
    taught: Any = SimpleNamespace(coder=coder, lines=SimpleNamespace(moved=moved, read=lambda code: scores))
    loss = Coding().loss(taught, Pairs(shown, told, clean, wanted, T, noise), Plan())
    near(coder.asked[0], ddpm.add_noise(clean, noise, T))
    near(coder.asked[2], codes + 1)
    assert torch.equal(asked["change"], wanted - told)
    near(loss, wrong**2 - 0.05 * Bernoulli(logits=scores).log_prob(told).sum(1).mean())


@WRONG
def test_drawing_codes(wrong: float) -> None:
    codes, noise = normal(7), normal(7, seed=1)
    oracle = Oracle(noise + wrong)
    drawing: Any = SimpleNamespace(normed=lambda images: codes, latent=oracle)
    loss = DrawingCodes().loss(drawing, Drawn(codes, T, noise), Plan())
    near(oracle.asked[0], published(CONSTANT).add_noise(codes, noise, T))
    near(loss, torch.tensor(wrong**2))


@WRONG
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


@WRONG
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


def test_reading() -> None:
    scores, label = normal(62), torch.tensor([61, 0, 7, 7, 30])
    asked = Questions(normal(3, 8, 8), label, T, torch.zeros(5, 1, 1, 1))
    oracle = Oracle(scores)
    loss = Reading().loss(oracle, asked, Plan())
    assert torch.equal(oracle.asked[0], asked.noisy)
    near(loss, -scores.softmax(1)[torch.arange(5), label].log().mean())


def test_what_a_reader_is_asked() -> None:
    rng = np.random.default_rng(0)
    images = Images(rng.integers(0, 256, (9, 32, 32), dtype=np.uint8), np.arange(9))
    plan = Plan(batch=9, attack=8.0)
    asked, batch = Reading().batch(images, plan, 4), images.batch(plan.seed, 4, plan.batch, 0.0)
    near(asked.noisy, published(COSINE).add_noise(batch.clean, batch.noise, batch.t))
    assert sorted(asked.label.tolist()) == list(range(9))
    furthest = 8 * published(COSINE).alphas_cumprod[asked.t].sqrt()
    share = asked.reach.flatten() / furthest
    assert 0 <= share.min() < 0.3
    assert 0.7 < share.max() <= 1


def test_learning_rate() -> None:
    plan = Plan(steps=1100, first=100, warmup=10, lr=1e-3, lr_end=1e-4)
    for step, want in ((100, 1e-4), (104, 5e-4), (600, 5.5e-4), (850, 1e-4 + 9e-4 * (1 - 0.5**0.5) / 2), (1100, 1e-4)):
        assert plan.lr_at(step) == pytest.approx(want, rel=2e-3), step


def test_average_of_weights() -> None:
    """Each step keeps a share of the average: of few steps as if it were a mean of nine times as many, then ``ema``."""
    images = Images(np.zeros((4, 32, 32), np.uint8), np.arange(4))
    training = Training.start(Pixels(), Plan(batch=2, ema=0.2, warmup=1, precision="float32"))
    want = next(training.average.parameters()).clone()
    for kept in (1 / 10, 2 / 11, 0.2, 0.2):
        training.advance(images)
        want = kept * want + (1 - kept) * next(training.network.parameters()).detach()
        torch.testing.assert_close(next(training.average.parameters()), want)
