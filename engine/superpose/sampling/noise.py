"""Randomness as a function: noise depends on (seed, sample, step, purpose) and on nothing else.

Of the particles of a sample each has noise of its own as well, by its slot in the swarm; slot 0 has that of the sample.

No stream has a position, so adding an observer, a constraint or a neighbour changes no number, a run can stop and
go on anywhere, and every device gets the same draws: they are made on the CPU, in float32, one sample at a time.

The generator is Philox (Salmon et al., SC 2011), whose counter is made for this: the key is the seed and the
sample, the counter is the slot, the step and the purpose.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

import attrs
import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: The step of the noise that is drawn before the first transition.
START = -1


#: Slots that a particle had in its swarm: (from which step on, which), the first of them from the start.
Lineage = tuple[tuple[int, int], ...]
#: Distributions of noise: unit normal, or uniform in [0, 1).
NoiseLaw = Literal["normal", "uniform"]


class StepNoise(Protocol):
    """Noise on demand for one step: shape (N, C, H, W), float32, the same again for the same purpose and law."""

    def __call__(self, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Draw the noise of ``purpose``."""
        ...


class RuleNoise(StepNoise, Protocol):
    """Noise of a rule: on demand for one step, or lasting."""

    def lasting(self, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Draw noise that stays the same from the start to the last step: that of ``purpose`` at the start."""
        ...


class NoiseSource(Protocol):
    """Source of a trajectory's noise. `Noise` is the one to use; tests record and transform it."""

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Noise of one step, purpose and law, shape (N, C, H, W), float32."""
        ...


@attrs.frozen
class Drawn:
    """The `StepNoise` of one step of a source.

    Attributes:
        source: Where it is drawn.
        step: Number of the step.
        prefix: Stands before every purpose, so that nobody draws what another has drawn.
    """

    source: NoiseSource
    step: int
    prefix: str = ""

    def __call__(self, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Draw the noise of ``purpose``."""
        name = self.prefix + purpose
        return self.source.draw(self.step, name) if law == "normal" else self.source.draw(self.step, name, law)

    def lasting(self, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Draw the noise that ``purpose`` has at the start, whatever the step is."""
        return attrs.evolve(self, step=START)(purpose, law)


@lru_cache(maxsize=256)
def _word(purpose: str) -> int:
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")


def slot_at(step: int, lineage: Lineage) -> int:
    """The slot that a particle had at a step."""
    return next((slot for since, slot in reversed(lineage) if since <= step), lineage[0][1])


class _Streams(threading.local):
    """A generator for each thread, set to the beginning of any stream.

    A new one for every draw would ask the system for entropy each time, only to throw it away.
    """

    def __init__(self) -> None:
        self._bits = np.random.Philox(key=0)
        self._generator = np.random.Generator(self._bits)
        self._nothing = np.zeros(4, dtype=np.uint64)

    def at(self, key: tuple[int, int], counter: tuple[int, int, int, int]) -> np.random.Generator:
        """The generator at the beginning of a stream."""
        self._bits.state = {
            "bit_generator": "Philox",
            "state": {"key": np.array(key, dtype=np.uint64), "counter": np.array(counter, dtype=np.uint64)},
            "buffer": self._nothing,
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }
        return self._generator


_STREAMS = _Streams()


@attrs.frozen
class Noise:
    """The noise of some samples of one seed.

    Attributes:
        seed: From 0 to 2**63 - 1.
        samples: Numbers of the samples; sample k has the same noise in every run that has it.
        shape: (C, H, W) of one sample.
        device: Where the noise is put.
        stage: Number of the stage of a cascade: each has noise of its own, whatever its size.
        slots: Slots of each row, whose sample then stands in ``samples`` once a row; slot 0 where there are none.
    """

    seed: int
    samples: Sequence[int]
    shape: tuple[int, int, int]
    device: torch.device | str = "cpu"
    stage: int = 0
    slots: Sequence[Lineage] = ()

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """Noise of one step, purpose and law, shape (N, C, H, W), float32."""
        import torch

        # Another law has bits of its own: what is drawn twice for one purpose would be one number told twice.
        purpose = purpose if law == "normal" else f"{purpose}:{law}"
        word = _word(f"stage {self.stage}:{purpose}" if self.stage else purpose)
        drawn = np.empty((len(self.samples), *self.shape), dtype=np.float32)
        slots = [slot_at(step, lineage) for lineage in self.slots] or [0] * len(drawn)
        for row, sample, slot in zip(drawn, self.samples, slots, strict=True):
            generator = _STREAMS.at(key=(self.seed, sample), counter=(0, slot, step % 2**64, word))
            draw = generator.standard_normal if law == "normal" else generator.random
            draw(dtype=np.float32, out=row)
        return torch.from_numpy(drawn).to(self.device, non_blocking=True)


def vector_noise(noise: StepNoise, width: int, purpose: str, law: NoiseLaw = "normal") -> Tensor:
    """Noise for vectors, such as codes and embeddings, cut from noise for images: the sample's own in every batch.

    Arguments:
        noise: Of N samples, of any shape.
        width: D, of a vector; where it is more than an image has, further noise is drawn.
        purpose: What it is drawn for.
        law: Its distribution.

    Returns:
        Shape (N, D), float32.
    """
    import torch

    def asked(name: str) -> Tensor:
        return (noise(name) if law == "normal" else noise(name, law)).flatten(1)

    drawn = asked(purpose)
    while drawn.shape[1] < width:
        drawn = torch.cat((drawn, asked(f"{purpose}:{drawn.shape[1]}")), dim=1)
    return drawn[:, :width]
