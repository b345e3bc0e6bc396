"""Renditions: the files beside images that are those images in another medium, such as sounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superpose.media.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from superpose.media.png import Origin
    from superpose.recipe import Recipe


def rendition_of(image: Path, recipe: Recipe) -> Path | None:
    """Path of the file beside an image; None where the recipe names no medium."""
    return None if recipe.medium is None else image.with_suffix(recipe.medium.suffix)


def with_renditions(images: Iterable[Path], recipe: Recipe) -> set[Path]:
    """Paths of images, and of the files beside them."""
    paths = set(images)
    return paths | {beside for image in paths if (beside := rendition_of(image, recipe)) is not None}


def write_rendition(image: Path, pixels: NDArray[np.uint8], origin: Origin, recipe: Recipe) -> None:
    """Write the file beside an image, whole or not at all.

    It is written before the image, so that an image that is there has its own.

    Raises:
        RunError: If it can't be written.
    """
    beside = rendition_of(image, recipe)
    if recipe.medium is None or beside is None:
        return
    content = recipe.medium.encoded(pixels, origin.to_json())
    with replacing(beside) as draft:
        draft.write_bytes(content)
