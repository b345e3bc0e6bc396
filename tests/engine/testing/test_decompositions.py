"""The laws of decompositions have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest

from superpose import Decomposition, LawError
from superpose.testing import check_decomposition


def low(x):
    return (x + x.roll(1, -1) + x.roll(-1, -1)) / 3


@attrs.frozen(kw_only=True)
class Halves(Decomposition):
    """Two parts that a test chooses."""

    kind = "halves"
    names = ("low", "high")
    parts: object = None
    alone: object = None

    def split(self, x):
        return self.parts(x)

    def part(self, name):
        return self.alone if self.alone else super().part(name)


@pytest.mark.parametrize(
    ("parts", "alone", "says"),
    [
        (lambda x: (low(x) / 2, (x - low(x)) / 2), None, r"its parts sum to something \d\.\d+ away from the image"),
        (lambda x: (low(x),), None, "it has 1 parts and the names low, high"),
        (lambda x: (x.clamp(-1, 1), x - x.clamp(-1, 1)), None, "part 'low' is not linear"),
        (lambda x: (low(x), x - low(x)), lambda x: x, r"part 'low' alone is \d\.\d+ away from that of the split"),
        (lambda x: (x.mean(0, keepdim=True).expand_as(x), x - x.mean(0, keepdim=True)), None,
         r"part 'low' of one image changes by \d"),
    ],
    ids=["averaged", "one part", "not linear", "another part alone", "over the batch"],
)  # fmt: skip
def test_what_is_no_decomposition_is_caught(parts, alone, says):
    with pytest.raises(LawError, match=says):
        check_decomposition(Halves(parts=parts, alone=alone), 3, 16, 16)


def test_parts_that_a_larger_image_does_not_have_are_caught():
    @attrs.frozen(kw_only=True)
    class Growing(Decomposition):
        """As many parts as it is told, and more of them of a larger image."""

        kind = "growing"
        count: int = 1

        @property
        def names(self):
            return tuple(f"part-{i}" for i in range(self.count))

        def split(self, x):
            return tuple(x / self.count for _ in self.names)

        def scaled(self, factor):
            return Growing(count=round(self.count * factor))

    with pytest.raises(LawError, match="at twice the size: its parts are part-0, part-1 and were part-0"):
        check_decomposition(Growing(), 3, 8, 8)


@attrs.frozen(kw_only=True)
class Filmed(Halves):
    """Two parts, and what an animation shows of them."""

    kind = "filmed"
    film: object = None
    away: object = None

    def shown(self, image, name):
        return self.film(image, name) if self.film else super().shown(image, name)

    def distance(self, name):
        return self.away


@pytest.mark.parametrize(
    ("film", "away", "says"),
    [
        (lambda image, name: image, None, r"part 'low' is shown \d\.\d+ away from what it is"),
        (lambda image, name: image[:1], None, "part 'low' is shown inf away from what it is"),
        (None, 0.5, "part 'low' is seen from 0.5 times as far; that is 1 or more"),
        (None, float("nan"), "part 'low' is seen from nan times as far"),
    ],
)
def test_an_animation_of_another_part_is_caught(film, away, says):
    parts = Filmed(parts=lambda x: (low(x), x - low(x)), film=film, away=away)
    with pytest.raises(LawError, match=says):
        check_decomposition(parts, 3, 8, 8)


def test_what_says_nothing_of_animations_passes():
    check_decomposition(Filmed(parts=lambda x: (low(x), x - low(x)), away=4.0), 3, 8, 8)
