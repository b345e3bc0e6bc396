"""The work that executors are tried with, in a module that imports next to nothing.

A process that an executor starts imports its work by name, and the laws of executors start dozens of them.
"""

from __future__ import annotations

import os
import time

#: Seconds that a task hangs.
HANGING = 3600.0


def trial(text: str) -> str:
    """Say the text backwards, or fail as the text says."""
    if text == "raise":
        raise ValueError(f"it was told to {text}")
    if text == "die":
        os._exit(3)
    if text == "hang":
        time.sleep(HANGING)
    return text[::-1]
