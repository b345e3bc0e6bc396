"""Captions stand below a frame, in the middle, and are never wider."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from made_images import made
from superpose import Pace, animate
from superpose.media.captions import captioned

#: Four frames on each way, six at each rest: an image, its negative, and back.
PACE = Pace(fps=10, move=0.5, rest=0.6)
FRAMES, SECONDS = 1 + 4 + 1 + 4 + 1, (6 + 4 + 6 + 4 + 1) / 10


def opened(path):
    """Frames of a GIF or WebP as pixels, and their milliseconds."""
    with Image.open(path) as image:
        frames = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
        assert image.info["loop"] == 0, "it stops"
    return [frame for frame, _ in frames], [duration for _, duration in frames]


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
