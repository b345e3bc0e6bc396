"""Animations of images: their frames, to the pixel, and what is refused."""

import io

import numpy as np
import pytest
from PIL import Image

import superpose
from films import opened
from made_images import ELSEWHERE, NEGATE, made, pixels
from superpose import Pace, RecipeError, animate

#: Four frames on each way, six at each rest: an image, its negative, and back.
PACE = Pace(fps=10, move=0.5, rest=0.6)
FRAMES, SECONDS = 1 + 4 + 1 + 4 + 1, (6 + 4 + 6 + 4 + 1) / 10


def times(values, factor):
    return np.kron(values, np.ones((factor, factor, 1), np.uint8))


@pytest.fixture
def image(tmp_path):
    made(tmp_path / "0003.png")
    return tmp_path / "0003.png"


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_first_and_last_frames_are_the_image_and_the_middle_one_its_reading(image, suffix):
    path = animate(image, image.with_suffix(f".{suffix}"), pace=PACE)
    frames, durations = opened(path)
    assert len(frames) == FRAMES
    assert durations == [600, *[100] * 4, 600, *[100] * 5]
    whole = times(pixels(), 16)
    assert np.array_equal(frames[0], whole)
    assert np.array_equal(frames[-1], whole)
    assert np.array_equal(frames[5], 255 - whole)
    # Half way, all is grey, but for the rounding of the way's four frames.
    assert not np.array_equal(frames[2], whole)


def test_a_film_has_a_frame_for_each_tick(image):
    av = pytest.importorskip("av")
    made(image, values=pixels(channels=1))  # films have half the pixels of colours
    path = animate(image, image.with_suffix(".mp4"), size=51, pace=PACE)
    with av.open(str(path)) as film:
        [stream] = film.streams.video
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
        assert stream.average_rate == PACE.fps
    assert len(frames) / PACE.fps == SECONDS
    assert frames[0].shape == (52, 52, 3)
    with Image.open(animate(image, image.with_suffix(".webp"), size=51, pace=PACE)) as exact:
        first = np.asarray(exact.convert("L")).astype(float)
    shown = [frame[:51, :51].mean(-1) for frame in frames]
    assert abs(shown[0] - first).mean() < 3, "the film shows something else"
    assert abs(shown[-1] - first).mean() < 3
    negative = [abs(255 - frame - first).mean() < 3 for frame in shown]
    assert negative[10:16] == [True] * 6, "the reading is not where it rests"
    assert not any(negative[:9] + negative[17:])


@pytest.mark.parametrize(("size", "shape"), [(None, (260, 416)), (40, (40, 64)), (20, (20, 32)), (512, (512, 819))])
def test_it_is_as_high_as_is_asked(tmp_path, size, shape):
    made(tmp_path / "a.png", values=pixels(20, 32))
    with Image.open(animate(tmp_path / "a.png", size=size, pace=Pace(4, 0.5, 0.3))) as made_of:
        assert made_of.size == shape[::-1]
        if size in (20, 40):  # a whole number of times
            frame = np.asarray(made_of.convert("RGB"))
            assert np.array_equal(frame, times(pixels(20, 32), size // 20))


def test_colours_beyond_a_palette_are_the_nearest(tmp_path):
    ramp = np.stack(np.broadcast_arrays(*np.ogrid[0:256:8, 0:256:8], 99), -1).astype(np.uint8)
    made(tmp_path / "a.png", values=ramp)
    frames, _ = opened(animate(tmp_path / "a.png", pace=PACE))
    assert abs(frames[0].astype(int) - times(ramp, 8)).max() <= 24
    exact, _ = opened(animate(tmp_path / "a.png", tmp_path / "a.webp", pace=PACE))
    assert np.array_equal(exact[0], times(ramp, 8))


def test_networks_need_not_be_here(tmp_path):
    shows = '[[view]]\nkind = "jigsaw"\nguidance = {kind = "classifier", classifier = {kind = "x", path = "y"}}\n'
    made(tmp_path / "a.png", shows + 'prompt = "A"', head=ELSEWHERE)
    frames, _ = opened(animate(tmp_path / "a.png", pace=PACE))
    assert len(frames) == FRAMES
    jigsaw = superpose.make("view", "jigsaw").frame(np.moveaxis(pixels() / 127.5 - 1, -1, 0), 1.0, 16)
    assert np.array_equal(frames[5], ((np.moveaxis(jigsaw, 0, -1) + 1) * 127.5).round().astype(np.uint8))


def test_bands_that_count_pixels_need_the_network_or_are_refused(tmp_path):
    made(tmp_path / "a.png", '[decomposition]\nkind = "haar"\nbands = 2\nband-0 = "A"\nband-1 = "B"', head=ELSEWHERE)
    with pytest.raises(RecipeError, match=r"depends on the size of its model.*'large.pt' does not travel.*--input"):
        animate(tmp_path / "a.png")


def test_pictures_that_travel_are_read_from_inside(tmp_path):
    halves = np.zeros((16, 16), np.uint8)
    halves[:, 8:] = 255
    file = io.BytesIO()
    Image.fromarray(halves).save(file, "PNG")
    shows = '[decomposition]\nkind = "regions"\npicture = "halves.png"\nwhite = "A"\nblack = "B"'
    made(tmp_path / "a.png", shows, **{"halves.png": file.getvalue()})
    frames, durations = opened(animate(tmp_path / "a.png", pace=PACE))
    [whole, white, black] = [frame for frame, duration in zip(frames, durations, strict=True) if duration == 600]
    assert np.array_equal(white[:, 128:], whole[:, 128:])
    assert (white[:, :128] == 128).all()
    assert np.array_equal(black[:, :128], whole[:, :128])


@pytest.mark.parametrize(
    ("shows", "options", "says"),
    [
        ('prompt = "A"', {}, "a.png: shows one thing, in one way: there is nothing to animate"),
        ('[[view]]\nkind = "permute"\npatches = 3\nprompt = "A"', {}, "a.png: permute can't cut 16x16 images"),
        ('[[view]]\nkind = "skewed"\nprompt = "A"', {}, r"the recipe inside\):4:1: view.0.kind: .*did you mean 'skew'"),
        (NEGATE, {"out": "a.png"}, "an animation is a file that ends with .gif, .webp or .mp4"),
        (NEGATE, {"out": "there.gif"}, "there.gif is there already: choose another name"),
        (NEGATE, {"size": 8}, "size must be between 16 and 2048, got 8"),
        (NEGATE, {"inputs": {"x": "y"}}, "names no file 'x'"),
    ],
)
def test_what_can_not_be_animated_is_refused_and_nothing_is_left(tmp_path, shows, options, says):
    made(tmp_path / "a.png", shows)
    (tmp_path / "there.gif").touch()
    options = options | ({"out": tmp_path / options["out"]} if "out" in options else {})
    with pytest.raises(RecipeError, match=says):
        animate(tmp_path / "a.png", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "there.gif"]


def test_without_pyav_there_are_other_formats(image, monkeypatch):
    monkeypatch.setattr("superpose.media.animation.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"MP4 needs PyAV, pip install 'superpose\[video\]'; or write a .gif"):
        animate(image, image.with_suffix(".mp4"))


@pytest.mark.parametrize("suffix", ["gif", "webp", "mp4"])
def test_what_fails_on_the_way_leaves_no_file(image, monkeypatch, suffix):
    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "superpose_views.negate.Negate.frame", lambda self, image, u, zoom=1: -image if u == 1 else fails()
    )
    with pytest.raises(KeyboardInterrupt):
        animate(image, image.with_suffix(f".{suffix}"), pace=PACE)
    assert [path.name for path in image.parent.iterdir()] == [image.name]


def test_a_constraint_makes_the_film_of_its_canvases(tmp_path):
    """From the whole of the first to that of the last, steadily."""
    tied = "canvas = {count = 2}\nconstraint = [{kind = 'zoom-stack'}]\n"
    views = "".join(f"[[view]]\nkind = 'canvas'\nnumber = {i}\nprompt = 'A'\n" for i in (0, 1))
    values = pixels(height=32)
    made(tmp_path / "zoom.png", tied + views, values)
    frames, durations = opened(animate(tmp_path / "zoom.png", tmp_path / "zoom.webp", size=16, pace=PACE))
    assert len(frames) == len(durations) == 2 + 2 * 19
    assert frames[0].shape[:2] == (16, 16)
    assert np.array_equal(frames[0][0], values[0]), "the rim of the first canvas"
    assert np.array_equal(frames[20], values[16:])
