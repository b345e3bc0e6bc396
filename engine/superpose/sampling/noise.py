"""Randomness as a function: noise depends on (seed, sample, step, purpose) and on nothing else.

No stream has a position, so adding an observer, a constraint or a neighbour changes no number, a run can stop and
go on anywhere, and every device gets the same draws: they are made on the CPU, in float32, one sample at a time.

The generator is Philox (Salmon et al., SC 2011), whose counter is made for this: the key is the seed and the
sample, the counter is the step and the purpose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: The step of the noise that is drawn before the first transition.
START = -1


class StepNoise(Protocol):
    """Noise on demand for one step: unit normal, shape (N, C, H, W), float32, the same again for the same purpose."""

    def __call__(self, purpose: str = "step") -> Tensor:
        """Draw the noise of ``purpose``."""
        ...


class NoiseSource(Protocol):
    """Source of a trajectory's noise. `Noise` is the one to use; tests record and transform it."""

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        """Unit normal noise of one step and purpose, shape (N, C, H, W), float32."""
        ...


@lru_cache(maxsize=256)
def _word(purpose: str) -> int:
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")


@attrs.frozen
class Noise:
    """The noise of some samples of one seed.

    Attributes:
        seed: From 0 to 2**63 - 1.
        samples: Numbers of the samples; sample k has the same noise in every run that has it.
        shape: (C, H, W) of one sample.
        device: Where the noise is put.
        stage: Number of the stage of a cascade: each has noise of its own, whatever its size.
    """

    seed: int
    samples: Sequence[int]
    shape: tuple[int, int, int]
    device: torch.device | str = "cpu"
    stage: int = 0

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        """Unit normal noise of one step and purpose, shape (N, C, H, W), float32."""
        import torch

        word = _word(f"stage {self.stage}:{purpose}" if self.stage else purpose)
        counter = np.array([0, 0, step % 2**64, word], dtype=np.uint64)
        drawn = np.empty((len(self.samples), *self.shape), dtype=np.float32)
        for row, sample in zip(drawn, self.samples, strict=True):
            key = np.array([self.seed, sample], dtype=np.uint64)
            bits = np.random.Philox(counter=counter, key=key)
            np.random.Generator(bits).standard_normal(dtype=np.float32, out=row)
        return torch.from_numpy(drawn).to(self.device, non_blocking=True)
