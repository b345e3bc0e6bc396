"""What a folder of distributions says of them: their names, and the shape of an image."""

from __future__ import annotations

from pathlib import Path

import attrs

from superpose import read_json

#: Names of the distributions, in order, beside the file of the weights.
PROMPTS_FILE = "prompts.json"


@attrs.frozen
class Described:
    """Distributions in a folder.

    Attributes:
        shape: (3, H, W) of an image.
        prompts: Names of the distributions, in order.
    """

    shape: tuple[int, int, int]
    prompts: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Described:
        """As the folder says."""
        told = read_json(folder / PROMPTS_FILE)
        channels, height, width = told.listed("shape")
        return cls((channels, height, width), tuple(told.listed("prompts")))
