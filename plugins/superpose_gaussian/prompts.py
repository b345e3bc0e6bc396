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
        """As the folder says.

        Raises:
            RecipeError: Its file of names is missing or damaged.
        """
        told = read_json(folder / PROMPTS_FILE)
        shape, prompts = told.listed("shape"), told.listed("prompts")
        sizes = [size for size in shape if type(size) is int and size > 0]
        if shape != sizes or len(sizes) != 3 or sizes[0] != 3:
            raise told.wrong("shape", "[3, height, width]")
        names = tuple(name for name in prompts if isinstance(name, str))
        if len(names) < len(prompts) or not names:
            raise told.wrong("prompts", "a list of texts")
        return cls((sizes[0], sizes[1], sizes[2]), names)
