"""Lines of a judge's report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def say(line: str) -> None:
    """Print a line at once: judges take minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def share(right: Tensor) -> str:
    """The share of what is true, and of how many: ``97.1% of 2000``."""
    return f"{float(right.float().mean()):.1%} of {len(right)}"
