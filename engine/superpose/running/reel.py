"""What an animation of an image shows, shot by shot: from reading to reading, with ease and rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import attrs
import numpy as np

from superpose.errors import RecipeError
from superpose.media.frames import at_distance, coarse, enlarged, faded
from superpose.media.sheet import readings

if TYPE_CHECKING:
    from superpose.media.frames import Picture
    from superpose.recipe import PartTerms, Subject

#: Seconds of a way or a rest, at most.
LONGEST = 60

Lens = Callable[["Picture"], "Picture"]
#: A frame for a number from 0 to 1, and for a zoom, which is 1 where it is not said.
Film = Callable[..., "Picture"]
#: A film takes so many times as long as a way from one reading to another.
FILM = 4


class Shot(NamedTuple):
    """A frame that is drawn when it is needed.

    Attributes:
        draw: Draws it.
        ticks: Ticks of the clock that it stays.
        caption: What is read in it; None on the way from one reading to another.
        ink: How black the caption is, from 0 to 1.
    """

    draw: Callable[[], Picture]
    ticks: int = 1
    caption: str | None = None
    ink: float = 1.0


@attrs.frozen
class Pace:
    """How fast an animation goes.

    Attributes:
        fps: Frames a second.
        move: Seconds of a way from one reading to another.
        rest: Seconds that a reading stays.
    """

    fps: int = 20
    move: float = 1.5
    rest: float = 1.0

    def __attrs_post_init__(self) -> None:
        """Refuse what no format can show, and what nobody would wait for."""
        for name, least, most in (("fps", 1, 50), ("move", 0, LONGEST), ("rest", 0, LONGEST)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise RecipeError(f"{name} must be between {least} and {most}, got {value:g}")

    @property
    def resting(self) -> int:
        """Ticks of a rest."""
        return max(1, round(self.rest * self.fps))

    @property
    def way(self) -> list[float]:
        """The shares of a way between its ends that are seen, slow at first and at last."""
        count = max(1, round(self.move * self.fps))
        return [(1 - math.cos(math.pi * k / count)) / 2 for k in range(1, count)]


@attrs.frozen(eq=False)
class Reel:
    """The shots of one image.

    Attributes:
        zoom: Each pixel of the image is a square of so many pixels a side.
        pace: How fast it goes.
    """

    zoom: int
    pace: Pace

    def shots(self, subject: Subject, image: Picture, heights: Sequence[int] = ()) -> list[Shot]:
        """All shots, which end at the image itself.

        Arguments:
            subject: What the image shows.
            image: The image.
            heights: Heights of the pictures of earlier stages, from which it becomes sharp.
        """
        stages = [coarse(image, height) for height in heights]
        begin = [shot for pair in pairwise([*stages, image]) for shot in self._sharpening(*pair)]
        shots = [*begin, *self._read(subject, image, _same)]
        return _faded([*shots, self._still(image, next((it.caption for it in shots if it.caption is not None), ""))])

    def there_and_back(self, film: Film) -> list[Shot]:
        """A film from its beginning steadily to its end and back, with a rest at either.

        Arguments:
            film: Its frame for a number from 0 to 1, and a zoom.
        """
        count = max(1, round(FILM * self.pace.move * self.pace.fps))
        ends = [Shot(partial(film, u, self.zoom), self.pace.resting, "") for u in (0.0, 1.0)]
        way = [Shot(partial(film, k / count, self.zoom)) for k in range(1, count)]
        return [ends[0], *way, ends[1], *reversed(way)]

    def _sharpening(self, before: Picture, after: Picture) -> Iterator[Shot]:
        one, two = enlarged(before, self.zoom), enlarged(after, self.zoom)
        yield self._resting(before, _same, "")
        yield from (Shot(partial(faded, one, two, u)) for u in self.pace.way)

    def _read(self, subject: Subject, image: Picture, lens: Lens) -> Iterator[Shot]:
        """The readings of an image that is looked at through a lens, from the image and back again."""
        if subject.decomposition is not None:
            yield from self._parts(subject.decomposition, image, lens)
        elif not subject.view:
            yield self._resting(image, lens, _label(subject))
        for inner in () if subject.compose is None else subject.compose.conjuncts:
            if inner.subject.inner:
                yield from self._read(inner.subject, image, lens)
        for number, term in enumerate(subject.view):
            shown = term.view.frame(image, 1.0)
            if np.array_equal(shown, image):
                yield from self._read(term.subject, image, lens)
                continue
            if number == 0:
                yield self._resting(image, lens, "")
            there = self._way(partial(term.view.frame, image, zoom=self.zoom), lens)
            yield from (*there, *self._read(term.subject, shown, lens), *reversed(there))

    def _parts(self, terms: PartTerms, image: Picture, lens: Lens) -> Iterator[Shot]:
        close = next((part for name, part in terms.parts if terms.decomposition.distance(name) == 1), None)
        yield self._resting(image, lens, _label(close) if close else "")
        whole = enlarged(image, self.zoom)
        for name, part in terms.parts:
            distance = terms.decomposition.distance(name)
            if distance is None:
                shown = terms.decomposition.shown(image, name)
                there = self._way(partial(faded, whole, enlarged(shown, self.zoom)), lens)
                yield from (*there, *self._read(part, shown, lens), *reversed(there))
            elif distance != 1:
                there = self._way(partial(_further, whole, distance), lens)
                from_afar = partial(_through, lens, distance)
                yield from (*there, *self._read(part, image, from_afar), *reversed(there))
            elif part.inner:
                yield from self._read(part, image, lens)

    def _way(self, frame: Callable[[float], Picture], lens: Lens) -> list[Shot]:
        return [Shot(partial(_drawn, lens, frame, u)) for u in self.pace.way]

    def _resting(self, image: Picture, lens: Lens, caption: str) -> Shot:
        return Shot(lambda: lens(enlarged(image, self.zoom)), self.pace.resting, caption)

    def _still(self, image: Picture, caption: str) -> Shot:
        return Shot(lambda: enlarged(image, self.zoom), caption=caption)


def _label(subject: Subject) -> str:
    """What is read in an image that is looked at as it is; nothing where only views or parts of it are read."""
    found = () if subject.view or subject.decomposition else readings(subject)
    return next((reading.label for reading in found), "")


def _faded(shots: Sequence[Shot]) -> list[Shot]:
    """Shots of which each on its way has the caption that it comes from, growing pale, then that which it goes to."""
    rests = [i for i, shot in enumerate(shots) if shot.caption is not None]
    made = list(shots)
    for first, last in pairwise(rests):
        for i in range(first + 1, last):
            u = (i - first) / (last - first)
            caption = shots[first if u < 0.5 else last].caption
            made[i] = shots[i]._replace(caption=caption, ink=abs(1 - 2 * u))
    return made


def _same(frame: Picture) -> Picture:
    return frame


def _further(whole: Picture, distance: float, u: float) -> Picture:
    """A frame on its way to a distance, each step as much further as the one before."""
    return at_distance(whole, distance**u)


def _through(lens: Lens, distance: float, frame: Picture) -> Picture:
    return lens(at_distance(frame, distance))


def _drawn(lens: Lens, frame: Callable[[float], Picture], u: float) -> Picture:
    return lens(frame(u))
