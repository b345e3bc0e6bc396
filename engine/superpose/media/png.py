"""PNG files that know how they were made, written all or not at all."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import MAX_TEXT_CHUNK, PngInfo

from superpose.errors import RecipeError
from superpose.media.files import regular_file
from superpose.media.writing import replacing
from superpose.terminal import printable

#: Name of the PNG text chunk.
CHUNK = "superpose"
#: Name of the text chunk of a contact sheet, which holds the identity of its run.
SHEET = "superpose-sheet"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Bytes of a text, packed or not; chunks of a file; bytes that are read of it at a time; samples: at most.
TEXT, CHUNKS, BLOCK, SAMPLES = 16 * 2**20, 2**17, 2**16, 2**31
#: Fields that are left out where they say nothing, so that such images have the bytes that they always had.
SELDOM = ("drawn", "lineage", "effective_sizes", "columns", "printed")


def _numbers(given: Iterable[int]) -> tuple[int, ...]:
    return tuple(given)


class Print(NamedTuple):
    """A sheet of an image as it is printed: one of equal parts that lie one below the other in it.

    Attributes:
        prime: Its number, from 0.
        of: How many there are.
        zoom: Pixels of print a side for each of the image.
        width: On paper, in millimetres.
    """

    prime: int
    of: int
    zoom: int
    width: float


@attrs.frozen
class Origin:
    """Origin of an image: all that is needed to make the same bytes again.

    Attributes:
        recipe: The recipe as it ran, in TOML, with every option written out.
        sample: Number of the sample.
        versions: Versions of the engine, of torch and of the plugins used.
        weights: SHA-256 of each file of weights by its name.
        device: Kind of device it ran on.
        inputs: Content of each picture that travels inside, by the name that the recipe gives it.
        files: SHA-256 of each file that the recipe names and that does not; "" for a folder.
        drawn: Number of samples that it was chosen from; 0 where nobody chose.
        lineage: Slots that its particle had, as (from which step on, which); empty where there was no population.
        effective_sizes: Effective sample size of its swarm at each weighing.
        columns: Number of the sample that each of its columns is of, where they were chosen one by one.
        printed: The sheet of the image that this is; None where it is the image.
    """

    recipe: str
    sample: int
    versions: Mapping[str, str]
    weights: Mapping[str, str]
    device: str = "cpu"
    inputs: Mapping[str, bytes] = attrs.field(factory=dict, repr=lambda inputs: repr(list(inputs)))
    files: Mapping[str, str] = attrs.field(factory=dict)
    drawn: int = 0
    lineage: tuple[tuple[int, int], ...] = ()
    effective_sizes: tuple[float, ...] = ()
    columns: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    printed: Print | None = None

    @property
    def of_run(self) -> Origin:
        """The same without what is that of one sample: equal for all images of a run."""
        return attrs.evolve(self, sample=0).of_any_particle

    @property
    def of_any_particle(self) -> Origin:
        """The same without what only becomes known on the way."""
        return attrs.evolve(self, lineage=(), effective_sizes=(), columns=())

    def to_json(self) -> str:
        """This origin as one line of JSON, the same for equal origins."""
        values = attrs.asdict(self, recurse=False)
        values["inputs"] = {name: base64.b64encode(data).decode() for name, data in self.inputs.items()}
        for name in SELDOM:
            if not values[name]:
                del values[name]
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Origin:
        """The origin that `to_json` wrote.

        Raises:
            ValueError: If it is not one.
        """
        try:
            values = json.loads(text)
            values["inputs"] = {name: _unpacked(data) for name, data in values["inputs"].items()}
            values["lineage"] = tuple(_slot(pair) for pair in values.get("lineage", ()))
            values["effective_sizes"] = tuple(map(_size, values.get("effective_sizes", ())))
            values["printed"] = None if "printed" not in values else _print(values["printed"])
            return cls(**values)
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"not written by superpose: {error}") from error

    def __attrs_post_init__(self) -> None:
        """Raise TypeError for what a stranger's file may hold instead."""
        texts = {"recipe": self.recipe, "device": self.device}
        for part in ("versions", "weights", "files"):
            table = getattr(self, part)
            if not isinstance(table, Mapping):
                raise TypeError(f"{part} is no table")
            texts |= {f"{part}.{name}": value for name, value in table.items()}
        for name, value in texts.items():
            if not isinstance(value, str):
                raise TypeError(f"{name} is no text")
        if type(self.sample) is not int or not 0 <= self.sample < SAMPLES:
            raise TypeError("sample is no number of a sample")
        if type(self.drawn) is not int or not 0 <= self.drawn < SAMPLES:
            raise TypeError("drawn is no number of samples")
        if any(type(number) is not int or not 0 <= number < SAMPLES for number in self.columns):
            raise TypeError("columns are no numbers of samples")


def _unpacked(data: object) -> bytes:
    if not isinstance(data, str):
        raise TypeError("an input is no text")
    return base64.b64decode(data, validate=True)


def _slot(pair: object) -> tuple[int, int]:
    """A step and a slot, of a file that may be a stranger's."""
    match pair:
        case [int(step), int(slot)] if 0 <= step < SAMPLES and 0 <= slot < SAMPLES:
            return step, slot
    raise TypeError("lineage is no list of steps and slots")


def _size(value: object) -> float:
    if type(value) not in (int, float):
        raise TypeError("an effective sample size is no number")
    return float(value)  # type: ignore[arg-type]


def _print(said: object) -> Print:
    """A sheet, of a file that may be a stranger's."""
    match said:
        case [int(prime), int(of), int(zoom), int(width) | float(width)] if 0 <= prime < of < SAMPLES and zoom > 0:
            return Print(prime, of, zoom, float(width))
    raise TypeError("printed is no sheet")


def write_png(path: Path, pixels: NDArray[np.uint8], origin: Origin | None = None, run: str = "") -> None:
    """Write an image, (H, W, C) or (H, W), whole or not at all.

    Arguments:
        path: Where to.
        pixels: Its values.
        origin: How it was made, of a sample; of a sheet to print the file has its size on paper, too.
        run: Identity of the run, of a contact sheet.

    Raises:
        RunError: If the file can't be written.
    """
    info = PngInfo()
    if origin is not None:
        text = origin.to_json()
        # Pillow, and all that is built on it, opens no file with a longer compressed text.
        info.add_itxt(CHUNK, text, zip=len(text) < MAX_TEXT_CHUNK)
    if run:
        info.add_text(SHEET, run)
    image = Image.fromarray(pixels.squeeze(-1) if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels)
    size = {} if origin is None or origin.printed is None else {"dpi": (25.4 * image.width / origin.printed.width,) * 2}
    with replacing(path) as draft:
        image.save(draft, format="PNG", pnginfo=info, **size)


def sheet_of(path: Path) -> str:
    """Identity of the run that a contact sheet is of; "" for any other file."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return str(image.info.get(SHEET, ""))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""


def read_origin(path: Path) -> Origin:
    """Origin of an image.

    Raises:
        RecipeError: If the file is missing, is no PNG, is damaged, or was not made by superpose.
    """
    regular_file(path)
    try:
        with path.open("rb") as file:
            texts = [text for name, text in _texts(file) if name == CHUNK.encode()]
    except (OSError, ValueError, struct.error, zlib.error) as error:
        reason = "cut off" if isinstance(error, struct.error) else printable(error)
        raise RecipeError(f"{path}: not a readable PNG file: {reason}") from error
    if not texts:
        raise RecipeError(f"{path}: no recipe inside; only images that superpose wrote can be replayed")
    if len(texts) > 1:
        raise RecipeError(f"{path}: {len(texts)} recipes inside, and an image is made by one")
    try:
        return Origin.from_json(_plain(texts[0]).decode())
    except (ValueError, zlib.error) as error:
        raise RecipeError(f"{path}: the recipe inside can't be read: {printable(error)}") from error


def _texts(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Keyword and rest of each international text (iTXt) of a PNG file, whose pixels are checked and not decoded."""
    if file.read(len(SIGNATURE)) != SIGNATURE:
        raise ValueError("it does not begin as one does")
    for _ in range(CHUNKS):
        length, kind = struct.unpack(">I4s", file.read(8))
        wanted = kind == b"iTXt"
        if wanted and length > TEXT:
            raise ValueError(f"a text of {length} bytes, more than the {TEXT} that are read")
        check, left, data = zlib.crc32(kind), length, b""
        while left:
            block = file.read(min(left, BLOCK))
            if not block:
                raise ValueError("cut off")
            check, left = zlib.crc32(block, check), left - len(block)
            data += block if wanted else b""
        if struct.unpack(">I", file.read(4)) != (check,):
            raise ValueError("a damaged chunk")
        if kind == b"IEND":
            return
        if wanted:
            name, _, rest = data.partition(b"\0")
            yield name, rest
    raise ValueError(f"more than {CHUNKS} chunks")


def _plain(rest: bytes) -> bytes:
    """An international text: flag and method of its compression, a language, a translated keyword, and the text."""
    fields = rest[2:].split(b"\0", 2)
    if len(fields) != 3 or rest[:2] not in (b"\0\0", b"\1\0"):
        raise ValueError("not a text")
    if rest[0] == 0:
        return fields[2]
    inflater = zlib.decompressobj()
    text = inflater.decompress(fields[2], TEXT)
    if not inflater.eof:
        raise ValueError(f"cut off, or more than {TEXT} bytes")
    return text
