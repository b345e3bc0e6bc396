r"""The named beta tables: how fast the signal fades, :math:`\bar\alpha_t = \prod_{u \le t} (1 - \beta_u)`.

=============== ============================================================ ==============================
linear          equal steps of beta                                          DDPM, arXiv 2006.11239
scaled_linear   equal steps of its root (CompVis calls this one "linear")    latent diffusion, 2112.10752
cosine          alpha-bar a squared cosine, s = 0.008, beta at most 0.999    arXiv 2102.09672
sigmoid         a logistic ramp over [-6, 6]                                 GeoDiff, arXiv 2203.02923
constant        one beta                                                     DiffAE's latents, 2111.15640
=============== ============================================================ ==============================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

#: The floating point numbers that a table of betas is computed in.
Precision = Literal["float64", "float32"]
#: A table of betas, one a training time.
Betas = NDArray[np.floating[Any]]
Kind = type[np.float64] | type[np.float32]

#: First and last beta of each name that has them, in tables of 1000 steps.
BOUNDS = {
    "linear": (1e-4, 0.02),
    "scaled_linear": (0.00085, 0.012),
    "sigmoid": (1e-4, 0.02),
    "constant": (0.008, 0.008),
}


def beta_schedule(
    name: str,
    steps: int = 1000,
    start: float | None = None,
    end: float | None = None,
    precision: Precision = "float64",
) -> Betas:
    r"""A named table of betas.

    Arguments:
        name: linear, scaled_linear, cosine, sigmoid or constant.
        steps: Number of training times T, at least 1.
        start: First beta; the constant one of ``constant``. Unset: the paper's. A ``linear`` table without
            ``start`` and ``end`` of other than 1000 steps is scaled by 1000 / T as in guided-diffusion, so that
            as much noise is added in total.
        end: Last beta.
        precision: ``float64``, as in the original programs. ``float32`` repeats the rounding of diffusers, whose
            tables are off by 1.7e-4 in :math:`1 - \bar\alpha_0`: for comparisons with it only.

    Returns:
        Betas in (0, 1), shape (T,), of type ``precision``.

    Raises:
        ValueError: If there is no such name, or its bounds are out of range.
    """
    if name not in NAMES:
        raise ValueError(f"no beta schedule is called {name!r}: write one of {', '.join(NAMES)}")
    if steps < 1:
        raise ValueError(f"a beta schedule has at least 1 step, got {steps}")
    if precision not in ("float64", "float32"):
        raise ValueError(f"precision is 'float64' or 'float32', got {precision!r}")
    if name == "cosine":
        if start is not None or end is not None:
            raise ValueError("the cosine schedule has no start and end: leave them out")
        return _cosine(steps).astype(precision)
    first, last = _bounds(name, steps, start, end)
    return BOUNDED[name](first, last, steps, np.float32 if precision == "float32" else np.float64)


def _bounds(name: str, steps: int, start: float | None, end: float | None) -> tuple[float, float]:
    default_start, default_end = BOUNDS[name]
    scale = 1000 / steps if name == "linear" and start is None and end is None else 1.0
    first = default_start * scale if start is None else start
    if name == "constant":
        if end not in (None, first):
            raise ValueError(f"the constant schedule has one beta, start = {first:g}, but end is {end!r}: leave it out")
        last = first
    else:
        last = default_end * scale if end is None else end
    if not 0 < first <= last < 1:
        raise ValueError(
            f"betas of {name!r} must rise from start to end within (0, 1), got start {first:g} and end {last:g}"
            f" for {steps} steps: write both, such as {default_start:g} and {default_end:g}"
        )
    return first, last


def _line(start: float, end: float, steps: int, kind: Kind) -> Betas:
    """Equal steps; in float32 with the rounding of `torch.linspace`, bit for bit."""
    if kind is np.float64 or steps == 1:
        return np.linspace(start, end, steps, dtype=kind)
    first, last = np.float32(start), np.float32(end)
    step = np.float64((last - first) / np.float32(steps - 1))
    # torch fills from both ends with fused multiply-adds: one rounding, here from exact products in float64.
    index = np.arange(steps)
    rising, falling = first + step * index, last - step * (steps - 1 - index)
    return np.where(index < steps // 2, rising, falling).astype(np.float32)


def _scaled_linear(start: float, end: float, steps: int, kind: Kind) -> Betas:
    return np.square(_line(start**0.5, end**0.5, steps, kind))


def _sigmoid(start: float, end: float, steps: int, kind: Kind) -> Betas:
    # In float32 the exponential of numpy and that of torch differ by one unit in the last place here and there.
    ramp: Betas = 1 / (1 + np.exp(-_line(-6, 6, steps, kind)))
    return ramp * kind(end - start) + kind(start)


def _constant(start: float, end: float, steps: int, kind: Kind) -> Betas:
    del end
    return np.full(steps, start, dtype=kind)


def _cosine(steps: int) -> Betas:
    def alpha_bar(u: float) -> float:
        return math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2

    return np.array([min(1 - alpha_bar((i + 1) / steps) / alpha_bar(i / steps), 0.999) for i in range(steps)])


#: How the betas of a name with bounds are made.
BOUNDED: dict[str, Callable[[float, float, int, Kind], Betas]] = {
    "linear": _line,
    "scaled_linear": _scaled_linear,
    "sigmoid": _sigmoid,
    "constant": _constant,
}

#: The names of `beta_schedule`.
NAMES = ("linear", "scaled_linear", "cosine", "sigmoid", "constant")
