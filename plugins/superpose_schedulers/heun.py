r"""Heun's method along the probability flow (Karras et al. 2022, arXiv 2206.00364, algorithm 1).

With :math:`y = x / \alpha`, :math:`r = \sigma / \alpha` and the flow :math:`dy/dr = \epsilon(y, r)`:

.. math:: y' = y_t + (r_s - r_t)\,\epsilon_t, \qquad
          y_s = y_t + (r_s - r_t)\,\tfrac12 (\epsilon_t + \epsilon(y', r_s))

Two evaluations a step. Where one end has no epsilon to average (pure noise, whose ratio is infinite, and the clean
image) the step is Euler's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Gridded, ancestral, combine, moved

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class Heun(Gridded):
    """Heun's method: Euler's step, then the same step with the mean of the slopes at both ends."""

    kind = "heun"
    papers = ("arXiv 2206.00364",)
    order: ClassVar[int] = 2

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
        """Step with the mean of both slopes; asks ``denoise`` at ``here``, then at ``there``."""
        del jumped
        clean = denoise(x, here).clean
        guess = moved(x, clean, here, there, noise)
        if there.sigma == 0 or here.alpha == 0:
            return guess, state
        on_x, on_clean, on_guessed = weights(here, there)
        guessed = denoise(guess, there).clean
        return combine((on_x, x), (on_clean, clean), (on_guessed, guessed)), state


@lru_cache(maxsize=4096)
def weights(here: NoiseLevel, there: NoiseLevel) -> tuple[float, float, float]:
    """Weights of the state, the clean image at ``here`` and that at ``there``; the guess is made of the first two."""
    half = there.alpha * (there.ratio - here.ratio) / 2
    _, guess_on_clean, _ = ancestral(here, there, 0.0)
    on_x = there.alpha / here.alpha + 2 * half / here.sigma
    on_clean = half * (guess_on_clean / there.sigma - here.alpha / here.sigma)
    return on_x, on_clean, -half * there.alpha / there.sigma
