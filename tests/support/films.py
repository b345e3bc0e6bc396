"""Animations as their frames."""

import numpy as np
from PIL import Image, ImageSequence


def opened(path):
    """Frames of a GIF or WebP as pixels, and their milliseconds."""
    with Image.open(path) as image:
        frames = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
        assert image.info["loop"] == 0, "it stops"
    return [frame for frame, _ in frames], [duration for _, duration in frames]
