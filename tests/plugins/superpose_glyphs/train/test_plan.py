"""The numbers of a training: its learning rate, its weights, its noise levels."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from superpose_glyphs.train.plan import ALPHA, SIGMA, Plan, scales


def test_cosine_schedule() -> None:
    import diffusers

    scheduler: Any = diffusers.DDPMScheduler
    published = scheduler(beta_schedule="squaredcos_cap_v2").alphas_cumprod.double()
    torch.testing.assert_close(ALPHA.double() ** 2, published, rtol=1e-3, atol=1e-6)  # theirs is summed in float32
    torch.testing.assert_close(ALPHA**2 + SIGMA**2, torch.ones(1000))


def test_learning_rate() -> None:
    plan = Plan(steps=1100, first=100, warmup=10, lr=1e-3, lr_end=1e-4)
    for step, want in ((100, 1e-4), (104, 5e-4), (600, 5.5e-4), (850, 1e-4 + 9e-4 * (1 - 0.5**0.5) / 2), (1100, 1e-4)):
        assert plan.lr_at(step) == pytest.approx(want, rel=2e-3), step


def test_without_a_warmup_the_first_step_has_the_whole_rate() -> None:
    for warmup in (0, 1):
        assert Plan(warmup=warmup, lr=1e-3).lr_at(0) == pytest.approx(1e-3)
    assert Plan(steps=10, warmup=0, lr=1e-3, lr_end=1e-5).lr_at(500) == pytest.approx(1e-5)


def test_weights_are_min_snr_but_where_noise_rules() -> None:
    """Hang et al. 2023 for v: min(SNR, gamma) / (SNR + 1); ours is 1 where SNR is under gamma."""
    sigma = SIGMA.double()
    snr = (1 - sigma**2) / sigma**2
    weight = Plan(gamma=5.0).weight(sigma)
    clear = snr > 5
    torch.testing.assert_close(weight[clear], 6 / (snr[clear] + 1))
    assert (weight[~clear] == 1).all()
    assert (weight.diff() >= 0).all()


def test_scales_are_those_of_the_table() -> None:
    alpha, sigma = scales(torch.tensor([0, 999]))
    assert alpha.shape == sigma.shape == (2, 1, 1, 1)
    assert alpha.flatten().tolist() == [float(ALPHA[0]), float(ALPHA[-1])]
    assert sigma.flatten().tolist() == [float(SIGMA[0]), float(SIGMA[-1])]
    with pytest.raises(ValueError, match="precision"):
        Plan(precision="float16")
