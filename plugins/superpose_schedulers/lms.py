r"""Linear multistep, Adams-Bashforth on uneven levels (k-diffusion's ``sample_lms``).

The flow in :math:`y = x / \alpha` over the ratio :math:`r = \sigma / \alpha` is :math:`dy/dr = \epsilon`, so

.. math:: x_s = \frac{\alpha_s}{\alpha_t} x_t + \alpha_s \sum_i c_i\, \epsilon_i, \qquad
          c_i = \int_{r_t}^{r_s} \prod_{j \ne i} \frac{r - r_j}{r_i - r_j}\, dr

over the last epsilons. The integrals of the polynomials are exact; diffusers integrates them numerically.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from superpose import Gridded, History, combine, levels_of, moved, noise_part, option, remembered

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class LMS(Gridded):
    """Adams-Bashforth over the noise-to-signal ratio: one evaluation a step, of order up to 4."""

    kind = "lms"
    papers = ("arXiv 2206.00364",)
    order: int = option(4, doc="epsilons that a step puts together", ge=1, le=4)

    @property
    def single_step(self) -> bool:
        """True where a step depends on the state alone: at order one."""
        return self.order == 1

    def init(self) -> History:
        """No history."""
        return ()

    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: History,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, History]:
        """Step with as many epsilons as there are; asks ``denoise`` once."""
        clean = denoise(x, here).clean
        past = () if jumped else state[: self.order - 1]
        if here.alpha == 0:  # the ratio is infinite
            return moved(x, clean, here, there, noise), ()
        estimated = noise_part(x, clean, here)
        if not past:  # Euler's step, in a form that keeps its digits at large ratios
            return moved(x, clean, here, there, noise), remembered(here, estimated, past, self.order - 1)
        on_x, on_now, *on_past = weights(here, there, levels_of(past))
        terms = ((on, before) for on, (_, before) in zip(on_past, past, strict=True))
        x = combine((on_x, x), (on_now, estimated), *terms)
        return x, remembered(here, estimated, past, self.order - 1)


@lru_cache(maxsize=4096)
def weights(here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> tuple[float, ...]:
    """Weights of the state, of the noise now, and of the noises of ``past``: each is sigma times epsilon."""
    start, length, levels = here.ratio, there.ratio - here.ratio, (here, *past)
    nodes = [(level.ratio - start) / length for level in levels]  # from 0 to 1 over the step
    on_noise = (length * _integral(nodes, i) / level.sigma for i, level in enumerate(levels))
    return (there.alpha / here.alpha, *(there.alpha * on for on in on_noise))


def _integral(nodes: list[float], i: int) -> float:
    """The integral from 0 to 1 of the polynomial that is 1 at ``nodes[i]`` and 0 at the others."""
    coefficients = [1.0]  # of rising powers
    for j, node in enumerate(nodes):
        if j != i:
            shifted, scaled = [0.0, *coefficients], [*(node * c for c in coefficients), 0.0]
            coefficients = [(a - b) / (nodes[i] - node) for a, b in zip(shifted, scaled, strict=True)]
    return sum(c / (power + 1) for power, c in enumerate(coefficients))
