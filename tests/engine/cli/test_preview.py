"""Previews show the clean estimates, seldom, and make no device wait."""

import numpy as np
import pytest
import torch

from superpose import Step, to_pixels
from superpose.cli.preview import EVERY, Preview, Room, _Copied, reduced


class Seen:
    """A screen that keeps what it is shown."""

    def __init__(self):
        self.shown = []

    def room(self, width):
        return Room(8, 48)

    def show(self, estimates):
        self.shown.append(estimates)


def images(count=2, channels=3, side=32):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_it_looks_at_most_twice_a_second():
    now, screen = [0.0], Seen()
    preview = Preview(screen, lambda: now[0])
    for index in range(100):
        preview.see(Step(index, 100, None, None, images(), images() if index else None))
        now[0] += 0.1
    assert 10 / EVERY * 0.8 <= len(screen.shown) <= 10 / EVERY
    first = screen.shown[0]
    assert np.array_equal(first.pixels, to_pixels(images()))
    assert (first.index, first.total) == (1, 100)


class Slow:
    """An event of a device that is still at work."""

    def __init__(self):
        self.asked = 0

    def query(self):
        self.asked += 1
        return self.asked > 2

    def synchronize(self):
        raise AssertionError("the device was waited for")


def test_a_copy_on_its_way_is_looked_at_when_it_is_there_and_no_other_is_made():
    now, screen = [0.0], Seen()
    preview = Preview(screen, lambda: now[0])
    step = Step(3, 9, None, None, images(), images())
    preview.see(step)
    [first] = screen.shown
    late = preview.copied = _Copied(images(1), Slow(), 4, 9)
    for _ in range(2):
        now[0] += 10 * EVERY
        preview.see(step)
        assert preview.copied is late
        assert screen.shown == [first]
    preview.see(step)
    assert [each.index for each in screen.shown] == [3, 4, 3]


@pytest.mark.parametrize("room", [Room(1, 20), Room(4, 32), Room(64, 256)])
@pytest.mark.parametrize(("count", "channels", "side"), [(1, 3, 32), (16, 1, 28), (4, 4, 8), (3, 3, 512), (2, 2, 16)])
def test_what_is_shown_fits_the_room(room, count, channels, side):
    clean = images(count, channels, side)
    before = clean.clone()
    shown = reduced(clean, room)
    width = min(room.width, side)
    assert shown.shape == (min(count, room.count), 3, width, width)
    assert shown.abs().max() <= 1
    shown.zero_()
    assert torch.equal(clean, before), "the run's own numbers"


def test_what_is_shown_is_the_image():
    assert torch.equal(reduced(images(2), Room(2, 200)), images(2))


def test_the_sides_keep_their_ratio():
    assert reduced(torch.zeros(1, 3, 32, 128), Room(1, 64)).shape == (1, 3, 16, 64)
