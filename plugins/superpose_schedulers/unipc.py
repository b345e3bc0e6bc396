r"""UniPC (Zhao et al. 2023, arXiv 2302.04867): a predictor and a corrector that costs no evaluation.

Both integrate a polynomial through the estimates :math:`m_i` as DPM-Solver does, with weights :math:`\rho` that solve
:math:`R \rho = b`, :math:`R_{ji} = r_i^{j-1}`, :math:`b_j = j!\,\phi_{j+1}(h) / B(h)`, and :math:`B(h) = h` (bh1) or
:math:`e^h - 1` (bh2), here for the clean image, where h is negative:

.. math:: x_s = \frac{\sigma_s}{\sigma_t} x_t - \alpha_s (e^h - 1) m_0
          - \alpha_s B(h) \sum_i \rho_i \frac{m_i - m_0}{r_i}

The predictor uses the past; the corrector does the last step over with the estimate at its end too. The difference of
the two is a combination of estimates alone, so it is added to the state as it is, and correction and prediction are
together one linear combination: no state of the past is kept, and what a constraint did to this one is not undone.

The original is not finite where the last step goes to the clean image, with bh1 or on epsilon (diffusers gives NaN).
Here that step is of order one, in closed form.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import attrs

from superpose import (
    DROWNED,
    Gridded,
    History,
    ancestral,
    apart,
    combine,
    levels_of,
    moved,
    noise_part,
    option,
    remembered,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, NoiseLevel, StepNoise


class Memory(NamedTuple):
    """Memory of the method.

    Attributes:
        order: Order of the step that led here; 0 where there was none.
        past: Estimates, newest first.
    """

    order: int
    past: History


NOTHING = Memory(0, ())


@attrs.frozen(kw_only=True)
class UniPC(Gridded):
    """Unified predictor-corrector: one order more than ``dpmpp`` from the same evaluations; good below 15 steps."""

    kind = "unipc"
    papers = ("arXiv 2302.04867",)
    order: int = option(2, doc="estimates that the predictor puts together; the corrector has one more", ge=1, le=3)
    variant: str = option("bh2", doc="the function B(h)", choices=("bh1", "bh2"))
    predict: str = option("clean", doc="what is interpolated", choices=("clean", "noise"))
    lower_order_final: bool = option(True, doc="lower the order step by step at the end")

    @property
    def single_step(self) -> bool:
        """Never: even of order one it corrects the step before."""
        return False

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
        """Correct the step before and make this one; asks ``denoise`` once."""
        clean = denoise(x, here).clean
        before, past = NOTHING if jumped else state
        order = min(self._allowed(here, there), len(past) + 1)
        on_noise = self.predict == "noise"
        estimated = noise_part(x, clean, here) if on_noise else clean
        memory = Memory(order, remembered(here, estimated, past, self.order))
        if here.alpha == 0 or (on_noise and here.ratio > DROWNED):
            return moved(x, clean, here, there, noise), NOTHING
        on_x, on_said = weights(here, there, levels_of(past), before, order, self.variant, on_noise)
        terms = ((on, m) for on, (_, m) in zip(on_said[1:], past, strict=True) if on)
        if on_x == 0:
            return combine((on_said[0], estimated), *terms), memory
        return combine((on_x, x), (on_said[0], estimated), *terms), memory

    def _allowed(self, here: NoiseLevel, there: NoiseLevel) -> int:
        if there.sigma == 0:
            return 1
        left = self.planned - here.index
        return min(self.order, left) if self.lower_order_final and left > 0 else self.order


@lru_cache(maxsize=4096)
def weights(
    here: NoiseLevel,
    there: NoiseLevel,
    past: tuple[NoiseLevel, ...],
    before: int,
    order: int,
    variant: str,
    on_noise: bool,
) -> tuple[float, tuple[float, ...]]:
    """Weights of the state and of the estimates: now, then those of ``past``, newest first.

    ``before`` is the order of the step that led to ``here``, which is corrected (0: none did), ``order`` that of this.
    """
    corrections = [0.0] * (len(past) + 1)
    if before:
        corrections = _correction(here, past, before, variant, on_noise, len(past) + 1)
    on_x, steps = _prediction(here, there, past, order, variant, on_noise)
    steps += [0.0] * (len(past) + 1 - len(steps))
    total = (on_x * c + s for c, s in zip(corrections, steps, strict=True))
    if on_noise:  # what is remembered is sigma times epsilon
        total = (on / level.sigma for on, level in zip(total, (here, *past), strict=True))
    return on_x, tuple(total)


def _prediction(
    here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...], order: int, variant: str, on_noise: bool
) -> tuple[float, list[float]]:
    if on_noise:
        on_x = there.alpha / here.alpha
        on_now = there.sigma - on_x * here.sigma
    else:
        on_x, on_now, _ = ancestral(here, there, 0.0)
    if order == 1:
        return on_x, [on_now]
    h, scale = apart(here, there), there.sigma if on_noise else there.alpha
    ratios = _ratios(here, past[: order - 1], h)
    big, rho = _solved(ratios, h if on_noise else -h, variant, corrector=False)
    on_past = [-scale * big * p / r for p, r in zip(rho, ratios, strict=True)]
    return on_x, [on_now - sum(on_past), *on_past]


def _correction(
    here: NoiseLevel, past: tuple[NoiseLevel, ...], before: int, variant: str, on_noise: bool, count: int
) -> list[float]:
    """Correction of the predictor's step from ``past[0]`` to ``here``, as weights of the estimates."""
    start, older = past[0], past[1:before]
    h, scale = apart(start, here), here.sigma if on_noise else here.alpha
    ratios = _ratios(start, older, h)
    z = h if on_noise else -h
    big, predicted = _solved(ratios, z, variant, corrector=False)
    _, corrected = _solved(ratios, z, variant, corrector=True)
    on_older = [-scale * big * (c - p) / r for c, p, r in zip(corrected, predicted, ratios, strict=False)]
    on_now = -scale * big * corrected[-1]
    weights = [on_now, -on_now - sum(on_older), *on_older]
    return weights + [0.0] * (count - len(weights))


def _ratios(start: NoiseLevel, older: tuple[NoiseLevel, ...], h: float) -> list[float]:
    return [apart(start, level) / h for level in older]


def _solved(ratios: list[float], z: float, variant: str, *, corrector: bool) -> tuple[float, list[float]]:
    """B(h) and the weights rho of the differences; the corrector has one at the end of the step too, at ratio 1."""
    big = z if variant == "bh1" else math.expm1(z)
    nodes = [*ratios, 1.0] if corrector else ratios
    if len(nodes) == 1 and (corrector or len(ratios) == 1):
        return big, [0.5]  # the paper's simplification; any consistent weight gives the order
    right, phi, factorial = [], math.expm1(z) / z - 1, 1
    for j in range(1, len(nodes) + 1):
        right.append(phi * factorial / big)
        factorial *= j + 1
        phi = phi / z - 1 / factorial
    return big, _vandermonde(nodes, right)


def _vandermonde(nodes: list[float], right: list[float]) -> list[float]:
    """Solve ``sum_i nodes[i] ** j * rho[i] == right[j]``, by elimination: at most 3 unknowns, well apart."""
    n = len(nodes)
    rows = [[node**j for node in nodes] + [right[j]] for j in range(n)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(n):
            if k != i:
                share = rows[k][i] / rows[i][i]
                rows[k] = [a - share * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [rows[i][n] / rows[i][i] for i in range(n)]
