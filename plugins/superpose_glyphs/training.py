r"""The state of a training and its one step: Algorithm 1 of DDPM (Ho et al. 2020, arXiv:2006.11239) with v-prediction.

.. math::
    x_t = \alpha_t x_0 + \sigma_t \epsilon, \quad v = \alpha_t \epsilon - \sigma_t x_0, \quad
    L = \min\Big(1, \frac{\gamma + 1}{\mathrm{SNR}_t + 1}\Big) \lVert v - v_\theta(x_t, t, c) \rVert^2

on the cosine schedule (Nichol & Dhariwal 2021, arXiv:2102.09672). The weight is that of min-SNR (Hang et al. 2023,
arXiv:2303.09556) for v, except that it stays 1 where noise rules: there a composition decides what it will show.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

from superpose.nn import UNet2D
from superpose_glyphs.batches import Batch
from superpose_glyphs.files import replacing
from superpose_glyphs.network import see, trainable

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
        hold_out: Share of the fonts that training does not see.
    """

    seed: int = 0
    steps: int = 12_000
    first: int = 0
    batch: int = 64
    lr: float = 8e-4
    lr_end: float = 2e-5
    warmup: int = 200
    ema: float = 0.9995
    unprompted: float = 0.12
    gamma: float = 5.0
    hold_out: float = 0.1
    dtype: str = "bfloat16"

    def lr_at(self, step: int) -> float:
        """Learning rate of a step."""
        done = (step - self.first) / max(1, self.steps - self.first)
        cosine = self.lr_end + (self.lr - self.lr_end) * (1 + math.cos(math.pi * min(1.0, done))) / 2
        return cosine * min(1.0, (step - self.first + 1) / self.warmup)


@attrs.define(eq=False)
class Training:
    """All state of a training run: what a checkpoint holds."""

    plan: Plan
    network: UNet2D
    average: UNet2D
    optimizer: torch.optim.AdamW
    step: int

    @classmethod
    def start(cls, plan: Plan) -> Training:
        """Before the first step."""
        torch.manual_seed(plan.seed)
        network = trainable().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = copy.deepcopy(network).requires_grad_(requires_grad=False)
        optimizer = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
        return cls(plan, network, average, optimizer, plan.first)

    @classmethod
    def resume(cls, path: Path, **changes: Any) -> Training:
        """The state a checkpoint holds, under its own plan but for ``changes``; without any it goes on to the bit."""
        saved = torch.load(path, weights_only=True, map_location="cpu")
        training = cls.start(attrs.evolve(Plan(**saved["plan"]), **changes))
        training.network.load_state_dict(saved["model"])
        training.average.load_state_dict(saved["ema"])
        training.optimizer.load_state_dict(saved["optimizer"])
        training.step = saved["step"]
        return training

    @classmethod
    def restart(cls, path: Path, plan: Plan) -> Training:
        """The weights a checkpoint holds, at the start of another plan."""
        saved = torch.load(path, weights_only=True, map_location="cpu")
        training = cls.start(attrs.evolve(plan, first=saved["step"]))
        # The first run of this project called the weights "m".
        training.network.load_state_dict(saved["model" if "model" in saved else "m"])
        training.average.load_state_dict(saved["ema"])
        return training

    def save(self, path: Path) -> None:
        """Write a checkpoint; an interrupted write leaves the old one."""
        state: dict[str, Any] = {"plan": attrs.asdict(self.plan), "step": self.step}
        state |= {"model": self.network.state_dict(), "ema": self.average.state_dict()}
        with replacing(path) as temporary:
            torch.save(state | {"optimizer": self.optimizer.state_dict()}, temporary)

    def advance(self, batch: Batch) -> float:
        """One step; its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.lr_at(self.step)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.plan.dtype == "bfloat16"):
            value = loss(self.network, batch, self.plan.gamma)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
                slow.lerp_(fast, 1 - self.plan.ema)
        return float(value.detach())


def cosine_table() -> tuple[Tensor, Tensor]:
    r"""Scales :math:`\alpha_t, \sigma_t` of the 1000 noise levels, each shape (1000,)."""
    f = np.cos((np.linspace(0, 1, LEVELS + 1) + 0.008) / 1.008 * math.pi / 2) ** 2
    kept = np.cumprod(1 - np.minimum(1 - f[1:] / f[:-1], 0.999))
    return torch.from_numpy(np.sqrt(kept)).float(), torch.from_numpy(np.sqrt(1 - kept)).float()


ALPHA, SIGMA = cosine_table()


def loss(network: UNet2D, batch: Batch, gamma: float) -> Tensor:
    """The weighted mean square error of v, over a batch."""
    alpha, sigma = (table[batch.t, None, None, None] for table in (ALPHA, SIGMA))
    v = alpha * batch.noise - sigma * batch.clean
    guess = see(network, alpha * batch.clean + sigma * batch.noise, batch.t, batch.label)
    weight = ((gamma + 1) * sigma**2).clamp(max=1)  # SNR + 1 = 1 / sigma^2, as alpha^2 + sigma^2 = 1
    mean: Tensor = (weight * (v - guess.float()) ** 2).mean()
    return mean
