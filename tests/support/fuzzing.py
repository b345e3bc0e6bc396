"""How long fuzzers run: ``SUPERPOSE_FUZZ=10`` tries ten times as many examples, and others at every run."""

import os

from hypothesis import settings

#: Factor of the number of examples.
TIMES = max(1, int(os.environ.get("SUPERPOSE_FUZZ", "1")))


def fuzz(examples: int) -> settings:
    """Settings of a fuzzer with that many examples, or as many times more as the user asks for."""
    return settings(max_examples=examples * TIMES, derandomize=TIMES == 1)
