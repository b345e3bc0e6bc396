r"""First-order moves between two noise levels, from t (``here``) to s (``there``).

The exact posterior of the process, given the clean image, is Gaussian. With the part of the signal that survives from
s to t, :math:`k = \alpha_t / \alpha_s`, and the noise that is added on the way,
:math:`\beta = \sigma_t^2 - k^2 \sigma_s^2` (for preserved variance :math:`1 - \alpha_t^2 / \alpha_s^2`, DDPM's beta),

.. math:: x_s | x_t, x_0 \sim N\Big(\frac{k \sigma_s^2}{\sigma_t^2} x_t + \frac{\alpha_s \beta}{\sigma_t^2} x_0,\;
          \tilde\beta = \frac{\sigma_s^2}{\sigma_t^2} \beta\Big)

DDIM (arXiv 2010.02502, eq. 12) has a family of moves with the same marginals, of standard deviation
:math:`\eta \sqrt{\tilde\beta}`:

.. math:: x_s = \alpha_s x_0 + \sqrt{\sigma_s^2 - \eta^2 \tilde\beta}\; \frac{x_t - \alpha_t x_0}{\sigma_t}
          + \eta \sqrt{\tilde\beta}\, z

:math:`\eta = 1` is the posterior itself. :math:`\eta = 0` is Euler's step along the probability flow, in the ratio
:math:`\sigma / \alpha` (k-diffusion's Euler), in rectified flow's :math:`\sigma`, and as DPM-Solver of order one: in
these coordinates all of them are the same numbers. Nothing is divided by :math:`\alpha_t`, which may be 0.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from superpose.sampling.scheduler import combine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from superpose.estimate.ahead import Move
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import StepNoise
    from superpose.sampling.scheduler import Scheduler


#: Difference of two weights of a step that rounding explains.
ROUNDING = 1e-9


def added_variance(here: NoiseLevel, there: NoiseLevel) -> float:
    r"""Variance :math:`\beta` of the noise that the process adds from s to t."""
    keep = here.alpha / there.alpha
    return max(here.sigma**2 - (keep * there.sigma) ** 2, 0.0)


def posterior_variance(here: NoiseLevel, there: NoiseLevel) -> float:
    r"""Variance :math:`\tilde\beta` of :math:`x_s` where :math:`x_t` and the clean image are known."""
    return (there.sigma / here.sigma) ** 2 * added_variance(here, there)


def ancestral(here: NoiseLevel, there: NoiseLevel, eta: float) -> tuple[float, float, float]:
    """Weights of the state, of the clean image and of unit noise in DDIM's move."""
    fresh = eta * math.sqrt(posterior_variance(here, there)) if eta else 0.0
    kept = math.sqrt(max(there.sigma**2 - fresh**2, 0.0)) / here.sigma
    return kept, there.alpha - here.alpha * kept, fresh


def reverses(move: Move | None, here: NoiseLevel, there: NoiseLevel) -> bool:
    """True where a step is a draw from the exact posterior of the process, but for rounding."""
    return _is(move, ancestral(here, there, 1.0))


def follows_flow(scheduler: Scheduler, levels: Sequence[NoiseLevel]) -> bool:
    """True where all steps down are Euler's along the probability flow; a plan of one step reverses the process."""
    steps = [(here, there) for here, there in pairwise(levels) if there.sigma < here.sigma]
    euler = all(_is(scheduler.move(*step), ancestral(*step, 0.0)) for step in steps)
    return euler and not all(reverses(scheduler.move(*step), *step) for step in steps)


def _is(move: Move | None, weights: tuple[float, float, float]) -> bool:
    return move is not None and all(abs(a - b) <= ROUNDING for a, b in zip(move, weights, strict=True))


def moved(
    x: Tensor,
    clean: Tensor,
    here: NoiseLevel,
    there: NoiseLevel,
    noise: StepNoise,
    eta: float = 0.0,
    renoise: Tensor | None = None,
) -> Tensor:
    """DDIM's move; to the clean end it is the clean image, and no noise is drawn.

    With ``renoise`` (`Estimate.renoise`) the noise of the state is read off that image, not off ``clean``.
    """
    if there.sigma == 0:
        return clean * there.alpha
    on_x, on_clean, fresh = ancestral(here, there, eta)
    terms = [(on_x, x), (on_clean, clean)]
    if renoise is not None:
        terms = [(on_x, x), (there.alpha, clean), (on_clean - there.alpha, renoise)]
    return combine(*terms, (fresh, noise())) if fresh else combine(*terms)


def log_ratio(move: Move, noise: Tensor, before: Tensor, clean: Tensor, after: Tensor) -> Tensor:
    r"""Logarithm of the density of a step without guidance over that of the step that was made, shape (N,), float64.

    The step was :math:`x_s = m + c \xi` with whatever mean m, and without guidance is
    :math:`N(a x_t + b D, c^2)`; with :math:`h = m - a x_t - b D` that is :math:`-(2 c \xi h + h^2) / 2 c^2`, summed. Of
    a step without noise nothing is weighed: 0.

    Arguments:
        move: a, b and c.
        noise: The unit noise :math:`\xi` of the step.
        before: :math:`x_t`.
        clean: D, the clean image without guidance.
        after: :math:`x_s`.
    """
    if move.fresh == 0:
        return after.double().new_zeros(len(after))
    drawn = move.fresh * noise.double()
    drift = after.double() - move.on_state * before.double() - move.on_clean * clean.double() - drawn
    return -((2 * drawn + drift) * drift).sum((1, 2, 3)) / (2 * move.fresh**2)


def noise_part(x: Tensor, clean: Tensor, here: NoiseLevel) -> Tensor:
    r"""Noise of a state without its image, :math:`\sigma_t \epsilon = x_t - \alpha_t x_0`, in one pass."""
    return x.sub(clean, alpha=here.alpha)
