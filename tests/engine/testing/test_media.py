"""The laws of media catch what breaks them."""

import attrs
import numpy as np
import pytest

from superpose import LawError, Medium, Problem, make
from superpose.testing import check_medium


@attrs.frozen(kw_only=True, eq=False)
class Written(Medium):
    """Whatever a function makes of the pixels."""

    kind = "written"
    suffix = ".txt"
    mime = "text/plain"
    of: object = None
    about: str = "a text"

    def problems(self, shape):
        if shape[1] < 4:
            yield Problem("", f"images of {shape[1]} rows are too small", "use larger ones")

    def described(self, shape):
        return self.about

    def encoded(self, pixels, origin):
        return self.of(pixels)


class NoSuffix(Written):
    suffix = ".png"


class NoMime(Written):
    mime = "text"


def blackened(pixels):
    pixels[:] = 0
    return b"black"


def plain(pixels):
    return bytes(pixels)


def test_a_lawful_one_passes():
    assert set(check_medium(Written(of=plain), 3, 8, 8)) == {
        "has-a-name-of-its-own", "same-image-same-bytes", "leaves-the-image-alone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("medium", "why"),
    [
        (NoSuffix(of=plain), "its suffix is '.png'"),
        (NoMime(of=plain), "its mime is 'text'"),
        (Written(of=plain, about=" "), "says nothing of what comes"),
        (Written(of=lambda pixels: bytes(pixels) + np.random.bytes(4)), "other bytes the second time"),
        (Written(of=lambda _: b""), "or none"),
        (Written(of=blackened), "it writes to the pixels"),
    ],
)
def test_what_breaks_a_law_is_told(medium, why):
    with pytest.raises(LawError, match=why):
        check_medium(medium, 3, 8, 8)


def test_a_size_that_it_refuses_is_told():
    with pytest.raises(LawError, match="it refuses this size: images of 2 rows are too small: use larger ones"):
        check_medium(Written(of=plain), 3, 2, 8)


def test_ours_is_lawful():
    check_medium(make("medium", "spectrogram", iterations=1), 1, 28, 28)
