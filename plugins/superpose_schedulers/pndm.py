r"""PNDM: pseudo-numerical methods (Liu et al. 2022, arXiv 2202.09778).

Epsilons are put together as a classical method of fourth order would over evenly spaced times, and the move that they
drive is DDIM's, exact where epsilon is constant (the paper's formula 9 is DDIM's, multiplied out):

.. math:: x_s = \frac{\alpha_s}{\alpha_t} x_t
          + \Big(\sigma_s - \frac{\alpha_s \sigma_t}{\alpha_t}\Big) \bar\epsilon, \qquad
          \bar\epsilon = \tfrac1{24} (55 \epsilon_0 - 59 \epsilon_1 + 37 \epsilon_2 - 9 \epsilon_3)

The first three steps have no history. As is, the first asks twice and takes the mean, and the next two are of lower
order (PLMS, as in latent diffusion). With ``prk`` each of them is a Runge-Kutta step of four evaluations. That needs
epsilons half way, so the plan visits those levels too: a Runge-Kutta step is two transitions of two evaluations.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import attrs

from superpose import DROWNED, Gridded, History, NoiseLevel, Plan, combine, moved, noise_part, option, remembered

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Schedule, StepNoise

#: A level and the noise that was seen there: sigma times epsilon.
Said = tuple[NoiseLevel, "Tensor"]

#: Weights of the epsilons, newest first, by how many there are.
ADAMS_BASHFORTH = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}

#: Steps that have no history.
WARM_UP = 3


class Half(NamedTuple):
    """A Runge-Kutta step half done.

    Attributes:
        start: Level where it started.
        x: State there.
        first, second: The noises so far, there and half way.
    """

    start: NoiseLevel
    x: Tensor
    first: Tensor
    second: Tensor


class Memory(NamedTuple):
    """Memory: noises, newest first, and a Runge-Kutta step that is under way."""

    past: History
    half: Half | None


NOTHING = Memory((), None)


@attrs.frozen(kw_only=True)
class PNDM(Gridded):
    """Pseudo-numerical linear multistep: the first sampler of Stable Diffusion; ``dpmpp`` has replaced it."""

    kind = "pndm"
    papers = ("arXiv 2202.09778",)
    order: ClassVar[int] = 2
    prk: bool = option(False, doc="warm up with three Runge-Kutta steps of four evaluations")

    @property
    def single_step(self) -> bool:
        """Never."""
        return False

    def plan(self, schedule: Schedule) -> Plan:
        """The grid's levels; with ``prk`` also those half way in the first three steps that have noise at their end."""
        levels = super().plan(schedule).levels
        if not self.prk:
            return Plan.of(levels)
        visited = [levels[0]]
        for t, s in pairwise(levels):
            if s.index <= WARM_UP and s.sigma > 0:
                # Half of whole times is rounded as in the original, where that is a level of its own.
                visited.append(schedule.level(0, t.t - (math.floor((t.t - s.t) / 2) or (t.t - s.t) / 2)))
            visited.append(s)
        return Plan.of(visited)

    def init(self) -> Memory:
        """No history."""
        return NOTHING

    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: Memory,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, Memory]:
        """Step with as many epsilons as there are; while there are fewer than four, ``denoise`` may be asked twice."""
        clean = denoise(x, here).clean
        past, half = NOTHING if jumped else state
        if here.ratio > DROWNED:  # a move driven by epsilons would multiply their rounding errors by the ratio
            return moved(x, clean, here, there, noise), NOTHING
        first = here, noise_part(x, clean, here)
        if half is not None:
            return _second_half(denoise, x, first, there, past, half)
        kept = remembered(*first, past, WARM_UP)
        if len(past) < WARM_UP and there.sigma > 0 and (self.prk or not past):
            second = _said_at(denoise, _driven(x, here, there, (1.0, first)), there)
            if self.prk:
                return _driven(x, here, there, (1.0, second)), Memory(kept, Half(here, x, first[1], second[1]))
            return _driven(x, here, there, (0.5, first), (0.5, second)), Memory(kept, None)
        shares = ADAMS_BASHFORTH[1 + len(past)]
        return _driven(x, here, there, *zip(shares, (first, *past), strict=True)), Memory(kept, None)


def _second_half(
    denoise: Denoise, x: Tensor, third: Said, there: NoiseLevel, past: History, half: Half
) -> tuple[Tensor, Memory]:
    here, (start, x_start, first, second) = third[0], half
    if there.sigma == 0:  # a plan that was cut: there is no epsilon at its end
        return _driven(x, here, there, (1.0, third)), Memory(past, None)
    fourth = _said_at(denoise, _driven(x_start, start, there, (1.0, third)), there)
    terms = ((1 / 6, (start, first)), (1 / 3, (here, second)), (1 / 3, third), (1 / 6, fourth))
    return _driven(x_start, start, there, *terms), Memory(past, None)


def _driven(x: Tensor, here: NoiseLevel, there: NoiseLevel, *terms: tuple[float, Said]) -> Tensor:
    """DDIM's move from ``x`` at ``here``, driven by a combination of epsilons."""
    keep = there.alpha / here.alpha
    gain = there.sigma - keep * here.sigma
    return combine((keep, x), *((gain * share / level.sigma, said) for share, (level, said) in terms))


def _said_at(denoise: Denoise, x: Tensor, level: NoiseLevel) -> Said:
    return level, noise_part(x, denoise(x, level).clean, level)
