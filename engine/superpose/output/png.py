"""PNG files that know how they were made, written all or not at all."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from superpose.errors import RecipeError, RunError

#: Name of the PNG text chunk.
CHUNK = "superpose"


@attrs.frozen
class Origin:
    """How an image was made: all that is needed to make the same bytes again.

    Attributes:
        recipe: The recipe as it ran, in TOML, with every option written out.
        sample: Number of the sample.
        versions: Versions of the engine, of torch and of the plugins used.
        weights: SHA-256 of each file of weights by its name.
        device: Kind of device it ran on.
        inputs: Content of each input file by the name that the recipe gives it.
    """

    recipe: str
    sample: int
    versions: Mapping[str, str]
    weights: Mapping[str, str]
    device: str = "cpu"
    inputs: Mapping[str, bytes] = attrs.field(factory=dict, repr=lambda inputs: repr(list(inputs)))

    def to_json(self) -> str:
        """This origin as one line of JSON, the same for equal origins."""
        values = attrs.asdict(self, recurse=False)
        values["inputs"] = {name: base64.b64encode(data).decode() for name, data in self.inputs.items()}
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Origin:
        """The origin that `to_json` wrote.

        Raises:
            ValueError: If it is not one.
        """
        values: dict[str, Any] = json.loads(text)
        try:
            values["inputs"] = {name: base64.b64decode(data) for name, data in values["inputs"].items()}
            return cls(**values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not written by superpose: {error}") from error


def write_png(path: Path, pixels: np.ndarray[Any, np.dtype[np.uint8]], origin: Origin | None = None) -> None:
    """Write an image, (H, W, C) or (H, W), to a temporary name in the same folder, then rename it.

    Raises:
        RunError: If the file can't be written.
    """
    info = PngInfo()
    if origin is not None:
        info.add_itxt(CHUNK, origin.to_json(), zip=True)
    image = Image.fromarray(pixels.squeeze(-1) if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels)
    with atomic(path) as temporary:
        image.save(temporary, format="PNG", pnginfo=info)


class atomic:  # noqa: N801  (used like a function)
    """A temporary path that becomes ``path`` when the block ends well, and vanishes when it does not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.temporary.replace(self.path)
            return
        self.temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RunError(f"cannot write {self.path}: {error.strerror or error}") from error


def read_origin(path: Path) -> Origin:
    """How an image was made.

    Raises:
        RecipeError: If the file is missing, is no PNG, or was not made by superpose.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()  # text that follows the pixels is only known then
            text = image.text.get(CHUNK)  # type: ignore[attr-defined]  # PngImageFile has it
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such file") from None
    except OSError as error:
        raise RecipeError(f"{path}: not a readable PNG file: {error}") from error
    if text is None:
        raise RecipeError(f"{path}: no recipe inside; only images that superpose wrote can be replayed")
    try:
        return Origin.from_json(str(text))
    except ValueError as error:
        raise RecipeError(f"{path}: the recipe inside can't be read: {error}") from error
