"""Lines of a judge's report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor


def say(line: str) -> None:
    """Print a line at once: judges take minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def share(right: Tensor) -> str:
    """The share of what is true, and of how many: ``97.1% of 2000``."""
    return f"{float(right.float().mean()):.1%} of {len(right)}"


def ways(up: Tensor, down: Tensor) -> list[float]:
    """The shares of drawings that are read right both ways up, upright, and turned."""
    return [float(one.float().mean()) for one in (up & down, up, down)]


def told(shares: Iterable[float]) -> str:
    """Those shares in words: ``23.4% both, 58.6% upright, 44.9% turned``."""
    return ", ".join(f"{one:.1%} {way}" for one, way in zip(shares, ("both", "upright", "turned"), strict=True))
