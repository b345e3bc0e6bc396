"""Captions stand below a frame, in the middle, and are never wider."""

import numpy as np
import pytest

from films import opened
from made_images import made
from superpose import Pace, animate
from superpose.media.captions import captioned, height_of

#: Four frames on each way, six at each rest: an image, its negative, and back.
PACE = Pace(fps=10, move=0.5, rest=0.6)
FRAMES, SECONDS = 1 + 4 + 1 + 4 + 1, (6 + 4 + 6 + 4 + 1) / 10


@pytest.fixture
def image(tmp_path):
    made(tmp_path / "0003.png")
    return tmp_path / "0003.png"


def test_captions_stand_below_and_leave_the_frames_as_they_are(image):
    plain, _ = opened(animate(image, image.with_suffix(".webp"), pace=PACE))
    said, durations = opened(animate(image, image.with_name("said.webp"), pace=PACE, captions=True))
    assert len(said) == len(plain)
    assert [np.array_equal(one[:256], other) for one, other in zip(said, plain, strict=True)] == [True] * FRAMES
    lines = [frame[256:] for frame in said]
    assert {line.shape for line in lines} == {(32, 256, 3)}
    first, second = lines[0], lines[5]
    assert durations[0] == durations[5] == 600
    for line in (first, second):
        inked = np.nonzero((line < 128).any(-1))
        assert len(inked[0])
        assert abs((inked[1].min() + inked[1].max()) / 2 - 127.5) <= 2, "it is not in the middle"
    assert not np.array_equal(first, second)
    assert np.array_equal(lines[-1], first)
    assert first.min() < lines[1].min() < lines[2].min(), "it does not grow pale"


@pytest.mark.parametrize("text", ["i" * 400, "W" * 90, "", "a cat"])
def test_a_caption_is_never_wider_than_its_frame(text):
    frame = np.zeros((64, 48, 3), np.uint8)
    made_of = captioned(frame, text, 1.0)
    assert made_of.shape == (84, 48, 3)
    assert bool((made_of[64:] < 128).any()) == bool(text)


@pytest.mark.parametrize(("frame", "height"), [(8, 20), (160, 20), (164, 20), (176, 22), (512, 64)])
def test_a_caption_is_an_eighth_of_the_frame_and_never_too_low_to_read(frame, height):
    assert height_of(frame) == height
    assert captioned(np.zeros((frame, 40, 3), np.uint8), "a", 1.0).shape == (frame + height, 40, 3)


def test_ink_is_how_black_it_is_and_the_frame_is_not_touched():
    frame = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
    full, half, none = (captioned(frame, "cat", ink) for ink in (1.0, 0.5, 0.0))
    for each in (full, half, none):
        assert np.array_equal(each[:64], frame)
    assert (none[64:] == 255).all()
    assert np.abs(half[64:].astype(int) - (255 + full[64:].astype(int)) / 2).max() <= 0.5


def test_a_text_that_is_too_long_is_cut_in_the_end_and_not_in_the_beginning():
    narrow = np.zeros((64, 48, 3), np.uint8)
    long, longer = (captioned(narrow, "a cat" + "!" * count, 1.0) for count in (90, 300))
    assert np.array_equal(long, longer)
    assert not np.array_equal(long, captioned(narrow, "A dog" + "!" * 90, 1.0))
