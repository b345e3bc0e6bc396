"""The numbers of a training, and the tables of noise levels that every model here is trained on."""

from __future__ import annotations

import math

import attrs
import numpy as np
import torch
from torch import Tensor

LEVELS = 1000


@attrs.frozen(kw_only=True)
class Plan:
    """All numbers that decide what training gives. Checkpoints carry them.

    Attributes:
        seed: Of data order, colours, noise levels, noise and first weights.
        steps: Steps in all.
        first: Step at which this plan's learning rate starts.
        batch: Images a step.
        lr: Highest learning rate, reached after ``warmup`` steps and lowered to ``lr_end`` along a cosine.
        ema: Share of the averaged weights kept each step.
        unprompted: Share of images shown without prompt, for classifier-free guidance.
        gamma: Signal-to-noise ratio above which a noise level counts for less.
        attack: How far an image may be moved against a classifier that learns to read it: the length of the difference,
            of images in [-1, 1]; 0 is not at all.
        hold_out: Share of the font families that training does not see.
        precision: What convolutions and matrix products compute in: "float32" or "bfloat16"; weights stay in float32.
    """

    seed: int = 0
    steps: int = 20_000
    first: int = 0
    batch: int = 64
    lr: float = 1.2e-3
    lr_end: float = 2e-5
    warmup: int = 200
    ema: float = 0.999
    unprompted: float = 0.12
    gamma: float = 5.0
    attack: float = 0.0
    hold_out: float = 0.1
    precision: str = attrs.field(default="bfloat16", validator=attrs.validators.in_(("float32", "bfloat16")))

    def lr_at(self, step: int) -> float:
        """Learning rate of a step."""
        done = (step - self.first) / max(1, self.steps - self.first)
        cosine = self.lr_end + (self.lr - self.lr_end) * (1 + math.cos(math.pi * min(1.0, done))) / 2
        return cosine * min(1.0, (step - self.first + 1) / max(1, self.warmup))

    def weight(self, sigma: Tensor) -> Tensor:
        r"""Weight of a noise level in the loss of v: min-SNR (Hang et al. 2023, arXiv:2303.09556).

        But 1 where noise rules: there a composition decides what it will show. SNR + 1 is :math:`1 / \sigma^2`, as
        :math:`\alpha^2 + \sigma^2 = 1`.
        """
        return ((self.gamma + 1) * sigma**2).clamp(max=1)


def cosine_table() -> tuple[Tensor, Tensor]:
    r"""Scales :math:`\alpha_t, \sigma_t` of the 1000 noise levels, each shape (1000,)."""
    f = np.cos((np.linspace(0, 1, LEVELS + 1) + 0.008) / 1.008 * math.pi / 2) ** 2
    kept = np.cumprod(1 - np.minimum(1 - f[1:] / f[:-1], 0.999))
    return torch.from_numpy(np.sqrt(kept)).float(), torch.from_numpy(np.sqrt(1 - kept)).float()


ALPHA, SIGMA = cosine_table()


def scales(t: Tensor) -> tuple[Tensor, Tensor]:
    """Both scales of noise levels (N,), each shape (N, 1, 1, 1)."""
    return ALPHA[t, None, None, None], SIGMA[t, None, None, None]
