"""Sounds of images, so that a page can play them: the files beside them, inside the page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.media.files import read_bytes
from superpose.running.renditions import rendition_of

if TYPE_CHECKING:
    from pathlib import Path

    from superpose.recipe import Recipe


def sound_of(image: Path, recipe: Recipe, most: int) -> str | None:
    """The sound beside an image, as an address that holds it; None where there is none of at most so many bytes."""
    beside = rendition_of(image, recipe)
    if beside is None or recipe.medium is None or not recipe.medium.mime.startswith("audio/"):
        return None
    try:
        content = read_bytes(beside, most)
    except RecipeError:
        return None
    return f"data:{recipe.medium.mime};base64,{base64.b64encode(content).decode()}"
