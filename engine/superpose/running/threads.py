"""The number of threads of a run, which its bits depend on.

Threads share out sums, and the order of a sum is part of its last bit. The number is therefore the recipe's
(``run.threads``) and not the machine's: neither the number of processors nor ``OMP_NUM_THREADS`` changes an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Compute with so many threads as long as the block runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
