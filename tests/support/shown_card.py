"""Work for processes that are started anew, which can import this folder but not a file of tests."""

import os


def card(text):
    """The graphics cards that a process is shown."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "none") + text
