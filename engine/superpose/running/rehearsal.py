"""The cost of a run, counted on a stand-in for its network: what is asked is known by its asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.sampling.loop import Trajectory
    from superpose.sampling.noise import NoiseLaw

#: Transitions that are made to count what they ask; those of a longer plan count in proportion.
REHEARSED = 1000


@attrs.frozen(eq=False)
class SameNoise:
    """The same noise for every step and purpose, of one sample of ``shape``."""

    shape: tuple[int, int, int]
    _drawn: dict[NoiseLaw, Tensor] = attrs.field(factory=dict, init=False)

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        """That noise."""
        del step, purpose
        if law not in self._drawn:
            make = torch.randn if law == "normal" else torch.rand
            self._drawn[law] = make(1, *self.shape, generator=torch.Generator().manual_seed(0))
        return self._drawn[law]


def rehearsed(run: Trajectory, *counts: list[int]) -> list[tuple[int, int]]:
    """Passes and rows of a run of one sample: those of its scheduler, guidance and constraints.

    Arguments:
        run: The run, on a stand-in that answers without weights.
        counts: Where the stand-in notes the rows of each pass, a list for each kind of them.
    """
    for counted in counts:
        counted.clear()
    state = run.start()
    starts = [len(counted) for counted in counts]
    while state.step < min(run.steps, REHEARSED):
        state = run.step(state)
    descents = [not run.plan.climbs(step) for step in range(run.steps)]
    share = sum(descents) / max(1, sum(descents[: state.step]))
    found = []
    for counted, first in zip(counts, starts, strict=True):
        start, made = counted[:first], counted[first:]
        found.append((len(start) + round(len(made) * share), sum(start) + round(sum(made) * share)))
    return found
