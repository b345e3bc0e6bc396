"""Counts of what was read, and how sure they make us."""

from __future__ import annotations

import math
from collections.abc import Iterable

import attrs

#: Of the normal distribution: 95 % lie within.
_Z = 1.959964


@attrs.frozen
class Tally:
    """Tally of the readings of one pair's drawings.

    Attributes:
        first, second: The words, upright and through the view.
        samples: Drawings.
        first_right, second_right, both_right: How many read as asked, upright, through the view, both.
        likely: Geometric mean over drawings of the product of both readings' probabilities: it orders equal counts.
        refined: Whether they are of the second round, which draws anew: choosing by the first round favours luck.
    """

    first: str
    second: str
    samples: int
    first_right: int
    second_right: int
    both_right: int
    likely: float
    refined: bool = False

    @property
    def share(self) -> float:
        """Of drawings that read as asked both ways."""
        return self.both_right / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of that share with 95 % confidence."""
        return wilson(self.both_right, self.samples)

    @property
    def row(self) -> dict[str, object]:
        """The row of a table."""
        low, high = (round(one, 4) for one in self.interval)
        return attrs.asdict(self) | {"share": round(self.share, 4), "low": low, "high": high}


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927) of which ``hits`` of ``count`` were seen."""
    share, square = hits / count, _Z**2 / count
    middle, reach = share + square / 2, _Z * math.sqrt((share * (1 - share) + square / 4) / count)
    low, high = ((middle + way * reach) / (1 + square) for way in (-1, 1))
    return max(0.0, low), min(1.0, high)


def ranked(tallies: Iterable[Tally]) -> list[Tally]:
    """Best first, each pair once: those drawn anew, then the others; by share, then by how likely the readings were."""
    latest = {(one.first, one.second): one for one in sorted(tallies, key=lambda one: one.refined)}
    return sorted(latest.values(), key=lambda one: (one.refined, one.share, one.likely), reverse=True)
