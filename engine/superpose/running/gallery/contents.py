"""Contents of a gallery: what its page is told of runs and their images."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose.media.files import digest
from superpose.media.images import read_picture
from superpose.media.sheet import Reading, readings
from superpose.media.word_maps import WordMaps, read_maps
from superpose.running.gallery.moves import move_of
from superpose.running.gallery.players import sound_of
from superpose.running.gallery.thumbnails import side_for, thumbnail
from superpose.search.scores import Scores, read_scores

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from superpose.running.album import Album

#: Bytes of all pictures of a page together, before base 64 makes four of three.
ROOM = 27 * 2**20


def run_of(album: Album, room: int) -> dict[str, object]:
    """What a page is told of a run.

    Arguments:
        album: The run.
        room: Bytes that its pictures may take.
    """
    first = read_picture(album.images[0])
    whole = readings(album.subject)
    each, own = room // len(album.images), [False] * len(whole)
    for _ in range(2):  # readings that need pictures of their own share the room
        side = side_for(first, each // (1 + sum(own)))
        height, width = (max(1, round(length * side / max(first.shape[:2]))) for length in first.shape[:2])
        moves = [_move(reading, height, width) for reading in readings(album.subject.scaled(height / first.shape[0]))]
        own = [move is None for move in moves]
    pictures = [(i, reading) for i, reading in enumerate(whole) if own[i]]
    origin, scores, maps = album.origins[0], read_scores(album.folder), read_maps(album.folder)
    return {
        "name": album.folder.name or str(album.folder),
        "folder": str(album.folder),
        "recipe": album.text,
        "seed": album.recipe.run.seed,
        "versions": dict(origin.versions),
        "weights": dict(origin.weights),
        "device": origin.device,
        "needs": list(origin.files),
        "drawn": origin.drawn,
        "size": [first.shape[1], first.shape[0]],
        "readings": [
            {"label": reading.label, "scored": reading.prompt is not None, "move": move}
            for reading, move in zip(whole, moves, strict=True)
        ],
        "scoredBy": scores.classifier if scores else "",
        "words": [] if maps is None else _words(maps, whole),
        "steps": [] if maps is None else list(maps.steps),
        "images": [
            {**image, "maps": _atlas(maps, str(image["file"]), each // 2)}
            for image in _images(album, pictures, scores, side, each // (1 + sum(own)), each // 2)
        ],
    }


def _words(maps: WordMaps, whole: list[Reading]) -> list[dict[str, object]]:
    """The words that there are maps of, each with the reading that its network is shown."""
    prompts = [reading.prompt for reading in whole]
    return [
        {"word": one.word, "reading": prompts.index(one.prompt) if one.prompt in prompts else 0} for one in maps.words
    ]


def _atlas(maps: WordMaps | None, name: str, most: int) -> str | None:
    """All maps of an image; None where there are none that take at most so many bytes."""
    atlas = None if maps is None else maps.atlas(name)
    return atlas if atlas is not None and len(atlas) <= most else None


def _move(reading: Reading, height: int, width: int) -> dict[str, object] | None:
    """What the page does to a picture to show a reading; None where it needs a picture of its own."""
    move = None if reading.views is None else move_of(reading.views, height, width)
    return move.packed() if move else None


def _images(
    album: Album, own: list[tuple[int, Reading]], scores: Scores | None, side: int, room: int, sound: int
) -> Iterator[dict[str, object]]:
    for path, origin in zip(album.images, album.origins, strict=True):
        pixels = read_picture(path)
        score = scores.images.get(path.name) if scores else None
        yield {
            "file": path.name,
            "sample": origin.sample,
            "sizes": list(origin.effective_sizes),
            "sha256": digest(path),
            "command": command_of(path, origin.files),
            "picture": thumbnail(pixels, side, room),
            "own": {str(i): thumbnail(_read(reading, pixels), side, room) for i, reading in own},
            "score": attrs.asdict(score) if score else None,
            "sound": sound_of(path, album.recipe, sound),
        }


def command_of(path: Path, needs: Iterable[str]) -> str:
    """The command that makes an image again."""
    given = "".join(f" --input {shlex.quote(name)}=PATH" for name in needs)
    return f"superpose replay {shlex.quote(str(path))} --out again{given}"


def _read(reading: Reading, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as a reading shows it."""
    image = reading.look(pixels.transpose(2, 0, 1) / 127.5 - 1)
    shown: NDArray[np.uint8] = ((image + 1) * 127.5).clip(0, 255).round().astype(np.uint8)
    return shown.transpose(1, 2, 0)
