r"""The discrete posterior :math:`q(x_{t-1} | x_t, x_0)` of a respaced process (DDPM, arXiv 2006.11239, eq. 6 and 7).

.. math:: \beta_i = 1 - \frac{\bar\alpha_i}{\bar\alpha_{i-1}}, \qquad
          \tilde\beta_i = \beta_i \frac{1 - \bar\alpha_{i-1}}{1 - \bar\alpha_i}, \qquad
          \tilde\mu_i = \frac{\beta_i \sqrt{\bar\alpha_{i-1}}}{1 - \bar\alpha_i} x_0
              + \frac{(1 - \bar\alpha_{i-1}) \sqrt{1 - \beta_i}}{1 - \bar\alpha_i} x_i
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np
from numpy.typing import NDArray

from superpose.levels.table import TableSchedule

Array = NDArray[np.float64]


@attrs.frozen(kw_only=True, eq=False)
class Posterior:
    r"""Coefficients of a respaced process, cleanest time first; each has shape (n,) and is float64.

    Attributes:
        timesteps: The training times kept.
        betas: :math:`\beta_i` between neighbours that were kept.
        alphas_cumprod: :math:`\bar\alpha_i`.
        posterior_variance: :math:`\tilde\beta_i`; 0 at the first.
        posterior_log_variance_clipped: Its logarithm, with the second in place of the first, which has none.
        posterior_mean_coef1: Weight of the clean image in :math:`\tilde\mu_i`.
        posterior_mean_coef2: Weight of the state.
    """

    timesteps: NDArray[np.int64]
    betas: Array
    alphas_cumprod: Array
    posterior_variance: Array
    posterior_log_variance_clipped: Array
    posterior_mean_coef1: Array
    posterior_mean_coef2: Array


def posterior(schedule: TableSchedule, timesteps: Iterable[int] | None = None) -> Posterior:
    """The coefficients of ``schedule`` respaced to ``timesteps``, in any order; unset: all of them.

    Raises:
        ValueError: If there are fewer than 2 times, or one is outside the table.
    """
    kept = sorted(set(range(schedule.steps) if timesteps is None else timesteps))
    if len(kept) < 2 or kept[0] < 0 or kept[-1] >= schedule.steps:
        raise ValueError(f"a respaced process keeps 2 or more times from 0 to {schedule.steps - 1}, got {kept}")
    bar = np.array(schedule.alphas_cumprod)[kept]
    previous = np.concatenate([[1.0], bar[:-1]])
    betas = 1 - bar / previous
    variance = betas * (1 - previous) / (1 - bar)
    return Posterior(
        timesteps=np.array(kept, dtype=np.int64),
        betas=betas,
        alphas_cumprod=bar,
        posterior_variance=variance,
        posterior_log_variance_clipped=np.log(np.concatenate([variance[1:2], variance[1:]])),
        posterior_mean_coef1=betas * np.sqrt(previous) / (1 - bar),
        posterior_mean_coef2=(1 - previous) * np.sqrt(1 - betas) / (1 - bar),
    )
