"""The recipe options that every population shares whose particles are resampled on the way."""

from __future__ import annotations

from typing import ClassVar

import attrs

from superpose.kinds.kind import option
from superpose.kinds.need import Need
from superpose.sampling.population import Population


@attrs.frozen(kw_only=True)
class Resampled(Population):
    """A population whose light particles are replaced by copies of heavy ones, which part by the noise of steps."""

    needs: ClassVar[frozenset[Need]] = frozenset({"stochastic"})

    start: float = option(0.0, doc="share of the steps that is made before the first is weighed", ge=0, le=1)
    stop: float = option(1.0, doc="share of the steps after which none is weighed", ge=0, le=1)
    resample: float = option(
        0.5, doc="resample where the effective sample size is below this share of the particles", ge=0, le=1
    )
    pick: str = option(
        "draw",
        doc="which particle becomes the image: one drawn by weight, or the heaviest",
        choices=("draw", "heaviest"),
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a stop that lies before the start."""
        if self.stop <= self.start:
            raise ValueError(f"stop must be after start, got start = {self.start:g} and stop = {self.stop:g}")

    def weighs(self, step: int, steps: int) -> bool:
        """True after every step from ``start`` to ``stop``."""
        return self.first(steps) <= step < round(self.stop * steps)

    def first(self, steps: int) -> int:
        """The first step, of so many, after which particles are weighed."""
        return round(self.start * steps)

    @property
    def threshold(self) -> float:
        """That of the option ``resample``."""
        return self.resample

    @property
    def draws(self) -> bool:
        """True where the option ``pick`` says so."""
        return self.pick == "draw"
