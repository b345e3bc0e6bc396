"""Orders of patches in files: numbers, or a picture that was rearranged."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superpose import RecipeError, digest, read_array, read_picture, read_text

Indices = NDArray[np.int64]
#: Numbers of a file, at most: a patch for each pixel of a large picture.
_MOST = 2**20


def read_order(path: Path, patches: int) -> Indices:
    """For each place of the view, row by row, the number of the patch that it shows.

    Raises:
        RecipeError: If the file can't be read, or says no order of ``patches`` x ``patches`` patches.
    """
    return _order(path, patches, digest(path))


@lru_cache(maxsize=16)
def _order(path: Path, patches: int, content: str) -> Indices:
    del content  # a file that has changed is read again
    read = {".npy": _array, ".json": _json, ".txt": _text}.get(path.suffix.lower())
    order = _ranks(path, patches) if read is None else read(path)
    side = math.isqrt(len(order))
    if len(order) != patches**2:
        cure = f"write patches = {side}" if side**2 == len(order) > 1 else "an order has one for each patch"
        raise RecipeError(
            f"{path}: holds {len(order)} numbers, and {patches}x{patches} patches are {patches**2}: {cure}"
        )
    if why := _wrong(order):
        raise RecipeError(f"{path}: is no order of the patches 0 to {len(order) - 1}: {why}")
    return order


def _wrong(order: Indices) -> str:
    """Why numbers are no permutation; "" where they are one."""
    if sorted(order.tolist()) == list(range(1, len(order) + 1)):
        return "it counts from 1, and the first patch is 0: take 1 from each number"
    outside = order[(order < 0) | (order >= len(order))]
    if len(outside):
        return f"there is no patch {outside[0]}"
    counts = np.bincount(order, minlength=len(order))
    if (counts == 1).all():
        return ""
    return f"patch {counts.argmax()} appears {counts.max()} times, and patch {counts.argmin()} is missing"


def _array(path: Path) -> Indices:
    return _whole(path, read_array(path))


def _json(path: Path) -> Indices:
    try:
        numbers = np.array(json.loads(read_text(path)))
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: is no list of numbers in JSON: {error}") from error
    return _whole(path, numbers)


def _text(path: Path) -> Indices:
    words = re.split(r"[\s,;]+", read_text(path).strip())
    try:
        numbers = np.array([int(word) for word in words])
    except ValueError as error:
        raise RecipeError(f"{path}: holds something else than whole numbers: {error}") from error
    return _whole(path, numbers)


def _whole(path: Path, numbers: NDArray[np.generic]) -> Indices:
    """Whole numbers in a row, in whatever shape they were."""
    if numbers.dtype.kind not in "iu" or numbers.size > _MOST:
        what = f"{numbers.size} values" if numbers.dtype.kind in "iu" else "something else than whole numbers"
        raise RecipeError(f"{path}: holds {what}, and an order is the number of a patch for each place")
    return numbers.reshape(-1).astype(np.int64)


def _ranks(path: Path, patches: int) -> Indices:
    """The place of each patch of a picture among all of them, from the darkest to the lightest."""
    pixels = read_picture(path)
    height, width = pixels.shape[:2]
    if height % patches or width % patches:
        raise RecipeError(
            f"{path}: is {height}x{width} (height x width), which {patches}x{patches} patches don't divide"
        )
    cells = pixels.reshape(patches, height // patches, patches, width // patches, 3)
    sums = cells.sum((1, 3, 4), dtype=np.int64).reshape(-1)
    order = np.argsort(sums, kind="stable")
    alike = np.flatnonzero(np.diff(sums[order]) == 0)
    if len(alike):
        one, two = sorted(order[alike[0] : alike[0] + 2].tolist())
        raise RecipeError(
            f"{path}: patches {one} and {two} (from 0, row by row) are equally light, so that their order can't be "
            "told: rearrange a ramp in which each patch is lighter than the one before"
        )
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return ranks
