"""Attention maps of the images of a run as they lie beside them, and as pictures: on the sheet, and in a gallery."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from superpose.errors import RecipeError, RunError
from superpose.media.files import digest, read_text
from superpose.media.sheet import Given
from superpose.media.writing import write_text

MAPS = "maps.json"
#: Pixels of the maps of one image that are read, at most.
MOST = 2**26


class ShownWord(NamedTuple):
    """A word, and the prompt that has it."""

    word: str
    prompt: str


@attrs.frozen
class WordMaps:
    """How much each place of a run's images looks at words, at some steps.

    Attributes:
        words: The words.
        steps: What each step is called.
        images: Maps of each image by its name, shape (words, steps, h, w), in 8 bits: 255 is the most that any place of
            that image looks at that word.
        hashes: SHA-256 of each image by its name.
    """

    words: tuple[ShownWord, ...]
    steps: tuple[str, ...]
    images: Mapping[str, NDArray[np.uint8]] = attrs.field(eq=False)
    hashes: Mapping[str, str]

    def tiles(self, name: str, size: tuple[int, int]) -> tuple[Given, ...]:
        """A picture for each word, (H, W): the mean over the steps, by the most that it is somewhere.

        Arguments:
            name: Of the image; one without maps has no tiles.
            size: (H, W) of the tiles.
        """
        if name not in self.images:
            return ()
        means = self.images[name].mean(1, dtype=np.float64)
        peaks = means.max((1, 2), keepdims=True).clip(1e-12)
        return tuple(
            Given(one.word, _enlarged(heat(mean), size)) for one, mean in zip(self.words, means / peaks, strict=True)
        )

    def atlas(self, name: str) -> str | None:
        """All maps of an image as one, as an address that holds it: words below each other, steps side by side."""
        if name not in self.images:
            return None
        return f"data:image/png;base64,{_packed(heat(_tiled(self.images[name]) / 255))}"

    def write(self, folder: Path) -> Path:
        """Write them into the folder of the run, and return the path.

        Raises:
            RunError: They can't be written, or a file of somebody else's has their name.
        """
        path = folder / MAPS
        if path.exists() and read_maps(folder) is None:
            raise RunError(f"{path} was not written by superpose maps: move it away")
        images = {name: _packed(_tiled(maps)) for name, maps in self.images.items()}
        plain = {"words": self.words, "steps": self.steps, "images": images, "hashes": dict(self.hashes)}
        write_text(json.dumps(plain, indent=1) + "\n", path)
        return path


def read_maps(folder: Path) -> WordMaps | None:
    """The maps that a folder holds, of the images that are still as they were; None where it holds none."""
    try:
        found = json.loads(read_text(folder / MAPS))
        words = tuple(ShownWord(str(word), str(prompt)) for word, prompt in found["words"])
        steps, hashes = tuple(map(str, found["steps"])), found["hashes"]
        same = {name: data for name, data in found["images"].items() if _is(folder / name, hashes[name])}
        images = {name: _unpacked(data, len(words), len(steps)) for name, data in same.items()}
        return WordMaps(words, steps, images, {name: hashes[name] for name in same})
    except (RecipeError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def heat(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values in [0, 1], shape (h, w), as colours (h, w, 3): from black by red and yellow to white."""
    ramp = np.stack([values * 3, values * 3 - 1, values * 3 - 2], -1)
    colours: NDArray[np.uint8] = (ramp.clip(0, 1) * 255).round().astype(np.uint8)
    return colours


def _tiled(maps: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Maps (words, steps, h, w) as one picture."""
    words, steps, height, width = maps.shape
    return maps.transpose(0, 2, 1, 3).reshape(words * height, steps * width)


def _packed(pixels: NDArray[np.uint8]) -> str:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def _unpacked(data: str, words: int, steps: int) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(base64.b64decode(data, validate=True)), formats=["PNG"]) as image:
        if image.width * image.height > MOST or image.height % words or image.width % steps:
            raise ValueError("no maps of so many words and steps")
        pixels = np.asarray(image.convert("L"))
    return pixels.reshape(words, image.height // words, steps, image.width // steps).transpose(0, 2, 1, 3)


def _enlarged(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.NEAREST))


def _is(path: Path, content: object) -> bool:
    try:
        return digest(path) == content
    except RecipeError:
        return False
