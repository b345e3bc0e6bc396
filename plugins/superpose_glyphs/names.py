"""Lists of names beside weights: prompts, words and classes."""

from __future__ import annotations

import json
from pathlib import Path

from superpose import RecipeError, read_text


def names_in(path: Path) -> tuple[str, ...]:
    """The names in a JSON file, in order.

    Raises:
        RecipeError: It is missing or damaged, or holds something else.
    """
    try:
        names: object = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise RecipeError(f"{path} is no list of names: write the folder 'weights' of a training run")
    return tuple(names)
