"""Pictures inside a page: as they are where there is room, and small enough where there is none."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from superpose.running.gallery.thumbnails import SIDES, side_for, thumbnail


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (300, 200, 3), np.uint8)


def decoded(address):
    head, data = address.split(",")
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return head, np.asarray(image.convert("RGB")), len(base64.b64decode(data))


def test_there_is_room(noise):
    assert side_for(noise, 300_000) == 300
    head, pixels, _ = decoded(thumbnail(noise, 300, 300_000))
    assert head == "data:image/png;base64"
    assert np.array_equal(pixels, noise)


@pytest.mark.parametrize("room", [60_000, 30_000, 9_000])
def test_there_is_little_room(noise, room):
    side = side_for(noise, room)
    _, pixels, size = decoded(thumbnail(noise, side, room))
    assert size <= room
    assert max(pixels.shape[:2]) == side
    assert side in (300, *SIDES)
    assert pixels.shape[0] / pixels.shape[1] == pytest.approx(1.5, rel=0.02)


def test_no_room_at_all_is_the_smallest(noise):
    assert side_for(noise, 10) == SIDES[-1]
    assert side_for(noise[:20, :20], 10) == 20
