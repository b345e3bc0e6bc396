"""Denoisers whose networks are asked with taps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.estimate.denoiser import Denoiser
from superpose.estimate.estimation import begun, marked

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from superpose.estimate.attention import Tap
    from superpose.estimate.query import Estimation, Query
    from superpose.levels.noise_level import NoiseLevel


@attrs.frozen(eq=False)
class Tapped(Denoiser):
    """A denoiser with taps at the attention of the networks that it asks.

    Attributes:
        inner: The denoiser.
        taps: On each of its queries, behind those that are there.
    """

    inner: Denoiser
    taps: tuple[Tap, ...]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Its estimate, the networks asked so."""
        return (yield from tapped(begun(self.inner, x, level), *self.taps))


def tapped(run: Estimation, *taps: Tap, where: Callable[[Query], bool] | None = None) -> Estimation:
    """Drive an estimate with taps at the attention of the networks that it asks.

    In an ``estimate``, for taps that are made anew each time: those that keep what they read::

        kept = Kept()
        estimate = yield from superpose.tapped(self.inner.estimate(x, level), kept)

    Arguments:
        run: The estimate.
        taps: Put on its queries, behind those that are there.
        where: On which of them; on all when not given.
    """

    def mark(query: Query) -> Query:
        return query if where is not None and not where(query) else query._replace(taps=(*query.taps, *taps))

    return (yield from marked(run, mark))
