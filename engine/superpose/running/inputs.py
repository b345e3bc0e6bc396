"""The files that a recipe names, as an image that travels tells of them: a name and a hash, never where they were.

Small pictures travel inside the image, so that it can be replayed alone. Weights, folders and larger files do not:
who replays the image names them.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.estimate.classifier import Classifier
from superpose.estimate.model import Model
from superpose.media.files import digest
from superpose.media.images import is_image

if TYPE_CHECKING:
    from superpose.media.png import Origin
    from superpose.recipe import Recipe

#: Pictures up to this many bytes travel inside the images, and so many bytes of all of them.
EMBEDDED, TOGETHER = 2**20, 8 * 2**20
#: Characters of the name of such a picture that travel with it, at most.
LONGEST = 32


@attrs.define
class Inputs:
    """The input files of a recipe, collected as it is written out.

    Attributes:
        given: Names that are settled, by path: those of the image that is replayed.
        called: Names of weights that are settled, by SHA-256.
        pictures: Content of each file that travels, by its name.
        files: SHA-256 of each file that does not, by its name; "" for a folder.
    """

    given: Mapping[Path, str] = attrs.field(factory=dict)
    called: Mapping[str, str] = attrs.field(factory=dict)
    pictures: dict[str, bytes] = attrs.field(factory=dict, repr=lambda pictures: repr(list(pictures)))
    files: dict[str, str] = attrs.field(factory=dict)
    _names: dict[Path, str] = attrs.field(factory=dict, init=False)

    def name(self, path: Path) -> str:
        """Name that the recipe calls a file by from now on."""
        if path not in self._names:
            self._names[path] = self._new_name(path)
        return self._names[path]

    def weights(self, recipe: Recipe) -> dict[str, str]:
        """SHA-256 of every file of weights that takes part, by its name."""
        networks = (kind for kind in recipe.kinds() if isinstance(kind, Model | Classifier))
        named: dict[str, str] = {}
        for given, content in (pair for kind in networks for pair in kind.weights().items()):
            name = self.called.get(content, given)
            # Two networks may have files of the same name.
            named[next(it for it in _numbered(name) if named.get(it, content) == content)] = content
        return named

    def _new_name(self, path: Path) -> str:
        if path not in self.given and (data := self._picture(path)) is not None:
            name = picture_name(path.name, data)
            self.pictures[name] = data
            return name
        name = self.given.get(path) or self._free(path)
        self.files[name] = digest(path) if path.is_file() else ""
        return name

    def _picture(self, path: Path) -> bytes | None:
        if not path.is_file() or path.stat().st_size > EMBEDDED:
            return None
        data = path.read_bytes()
        room = TOGETHER - sum(map(len, self.pictures.values()))
        return data if len(data) <= room and is_image(data) else None

    def _free(self, path: Path) -> str:
        return next(name for name in _numbered(path.stem, path.suffix) if name not in self.files)


def given_files(image: Path, origin: Origin, inputs: Mapping[str, str | Path]) -> dict[str, Path]:
    """The files of ``inputs`` by the names that the recipe in an image has for them.

    Raises:
        RecipeError: If one is not there, or the recipe names none such.
    """
    given = {name: Path(path).absolute() for name, path in inputs.items()}
    for name, path in given.items():
        if name not in origin.files and name not in origin.recipe:
            known = f"; it needs {', '.join(origin.files)}" if origin.files else ""
            raise RecipeError(f"the recipe in {image} names no file {name!r}{known}")
        if not path.exists():
            raise RecipeError(f"{path}: no such file or folder")
    return given


def _numbered(stem: str, suffix: str = "") -> Iterator[str]:
    """A name, and those that are tried where it is taken: ``a.png``, ``a-2.png``, ..."""
    yield stem + suffix
    yield from (f"{stem}-{number}{suffix}" for number in itertools.count(2))


def unpacked(origin: Origin, folder: Path) -> dict[str, Path]:
    """Write the pictures that travel in an image into a folder.

    Returns:
        Where they are, by the names that the recipe inside has for them.
    """
    files = {}
    for name, data in origin.inputs.items():
        files[name] = folder / picture_name(name, data)  # not the stranger's own name, which could leave the folder
        files[name].write_bytes(data)
    return files


def picture_name(name: str, data: bytes) -> str:
    """The name of a picture that travels: of its content, after what is harmless in its own ``name``.

    >>> picture_name("pictures/house.png", b"")
    'house-e3b0c44298fc.png'
    >>> picture_name("house-e3b0c44298fc.png", b"")
    'house-e3b0c44298fc.png'
    """
    suffix, content = Path(name).suffix, hashlib.sha256(data).hexdigest()[:12]
    harmless = len(suffix) <= 6 and suffix[1:].isascii() and suffix[1:].isalnum()
    stem = re.sub(r"[^a-zA-Z0-9_]+", "-", Path(name).stem.removesuffix(content))[:LONGEST].strip("-")
    return f"{stem}-{content}".removeprefix("-") + (suffix if harmless else "")
