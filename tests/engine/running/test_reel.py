"""The shots of an animation: which readings, for how long, and exactly those."""

import numpy as np
import pytest

from superpose import Pace, RecipeError, loads, make
from superpose.media.frames import at_distance, coarse, enlarged
from superpose.running.reel import Reel

HEAD = 'model = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 2}\n'
#: Four frames on each way, six at each rest.
PACE = Pace(fps=10, move=0.5, rest=0.6)
WAY, REST = 4, 6


@pytest.fixture
def image():
    return np.random.default_rng(0).uniform(-1, 1, (3, 16, 16))


def frames(shows, image, heights=(), zoom=2):
    """Every frame with its ticks."""
    return [(shot.draw(), shot.ticks) for shot in Reel(zoom, PACE).shots(loads(HEAD + shows).subject, image, heights)]


def rests(drawn):
    return [frame for frame, ticks in drawn if ticks > 1]


def same(one, two):
    return np.array_equal(one, two)


def view(kind, prompt="A", **options):
    keys = "".join(f"{key} = {value!r}\n" for key, value in options.items())
    return f'[[view]]\nkind = "{kind}"\nprompt = "{prompt}"\n{keys}'


def test_it_goes_from_the_image_to_each_view_and_back(image):
    drawn = frames(view("identity") + view("rotate", degrees=90) + view("negate"), image)
    assert [ticks for _, ticks in drawn] == [REST, *[1] * WAY, REST, *[1] * 2 * WAY, REST, *[1] * WAY, 1]
    first, turned, negative = rests(drawn)
    assert same(first, enlarged(image, 2))
    assert same(turned, enlarged(np.rot90(image, 1, (1, 2)), 2))
    assert same(negative, enlarged(-image, 2))
    assert same(drawn[-1][0], first)
    # The way back is the way there.
    ways = [frame for frame, ticks in drawn if ticks == 1]
    assert all(same(one, two) for one, two in zip(ways[:WAY], ways[WAY : 2 * WAY][::-1], strict=True))


def test_an_image_that_is_never_seen_as_it_is_begins_with_itself(image):
    drawn = frames(view("flip") + view("negate"), image)
    assert [same(rest, enlarged(image, 2)) for rest in rests(drawn)] == [True, False, False]


def test_views_in_views_begin_where_the_outer_one_ends(image):
    inner = "".join(view(kind).replace("[[view]]", "[[view.view]]") for kind in ("identity", "negate"))
    drawn = frames(view("identity") + '[[view]]\nkind = "flip"\n' + inner, image)
    flipped = image[:, ::-1]
    assert [same(a, enlarged(b, 2)) for a, b in zip(rests(drawn), (image, flipped, -flipped), strict=True)] == [
        True
    ] * 3


def test_a_way_is_slow_at_both_ends():
    way = Pace(fps=20, move=1.0).way
    assert len(way) == 19
    assert way[9] == pytest.approx(0.5)
    assert np.allclose(np.add(way, way[::-1]), 1)
    steps = np.diff([0, *way, 1])
    assert steps.argmin() in (0, 19)
    assert steps[:10] == pytest.approx(np.sort(steps[:10]))


def test_colours_fade_to_each_part(image):
    drawn = frames('decomposition = {kind = "colour", grey = "A", colour = "B"}', image)
    whole, grey, colour = rests(drawn)
    assert same(whole, enlarged(image, 2))
    mean = np.broadcast_to(image.mean(0), image.shape)
    assert np.allclose(grey, enlarged(mean, 2), atol=1e-12)
    assert np.allclose(colour, enlarged(image - mean, 2), atol=1e-12)
    half = drawn[2][0] - whole  # the second frame on the way to the grey part
    assert np.allclose(half, PACE.way[1] * (grey - whole))


def test_a_hybrid_goes_away_and_is_turned_there(image):
    shows = """
        [decomposition]
        kind = "hybrid"
        high = "A"
        [[decomposition.low.view]]
        kind = "identity"
        prompt = "n"
        [[decomposition.low.view]]
        kind = "rotate"
        prompt = "u"
    """
    whole, far, turned = rests(frames(shows, image, zoom=4))
    distance = make("decomposition", "hybrid").distance("low")
    assert distance == 6
    assert same(whole, enlarged(image, 4))
    assert same(far, at_distance(whole, distance))
    assert same(turned, at_distance(enlarged(image[:, ::-1, ::-1], 4), distance))


def test_what_is_composed_of_is_read_at_once_and_its_views_one_by_one(image):
    shows = """
        [compose]
        not = ["blue"]
        [[compose.and]]
        prompt = "A"
        [[compose.and]]
        view = [{kind = "identity", prompt = "B"}, {kind = "negate", prompt = "C"}]
    """
    drawn = rests(frames(shows, image))
    assert [same(rest, enlarged(values, 2)) for rest, values in zip(drawn, (image, image, -image), strict=True)] == [
        True
    ] * 3


def test_seen_from_afar_is_small_and_as_bright():
    black = -np.ones((3, 64, 64))
    for distance in (1.5, 2, 4, 8):
        dark = (1 - at_distance(black, distance)) / 2
        assert dark.sum() / dark.size == pytest.approx(1 / distance**2, rel=0.1)
        assert same(dark, dark[:, ::-1, ::-1])
    assert at_distance(black, 1) is black


def test_stages_become_sharp(image):
    drawn = frames(view("identity") + view("negate"), image, heights=(4, 8))
    four, eight, sharp, negative = rests(drawn)
    means = image.reshape(3, 4, 4, 4, 4).mean((2, 4))
    assert np.allclose(four, enlarged(means, 8), atol=1e-6)
    assert np.allclose(eight, enlarged(coarse(image, 8), 2))
    assert same(sharp, enlarged(image, 2))
    assert same(negative, enlarged(-image, 2))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fps": 0}, "fps must be between 1 and 50, got 0"),
        ({"move": 61.0}, "move must be between 0 and 60, got 61"),
        ({"rest": float("nan")}, "rest must be between 0 and 60, got nan"),
    ],
)
def test_paces_that_nobody_could_watch_are_refused(options, says):
    with pytest.raises(RecipeError, match=says):
        Pace(**options)


def captions(shows, image):
    """Captions of the rests, and (caption, ink) of each shot between the first two."""
    shots = Reel(2, PACE).shots(loads(HEAD + shows).subject, image)
    return [shot.caption for shot in shots if shot.ticks > 1], [(shot.caption, shot.ink) for shot in shots[1 : 1 + WAY]]


@pytest.mark.parametrize(
    ("shows", "says"),
    [
        (view("identity", "house") + view("rotate", "heart", degrees=90), ["house", "heart"]),
        (view("flip", "umbrella"), ["", "umbrella"]),
        ('[decomposition]\nkind = "hybrid"\nlow = "O"\nhigh = "X"\n', ["X", "O"]),
        ('[decomposition]\nkind = "colour"\ngrey = "A"\ncolour = "B"\n', ["", "A", "B"]),
        ('compose = {and = ["A", "B"], not = ["C"]}\n', ["A AND B NOT C"]),
    ],
)
def test_captions_say_what_is_read(shows, says, image):
    assert captions(shows, image)[0] == says


def test_captions_fade_on_the_way(image):
    _, way = captions(view("identity", "house") + view("negate", "heart"), image)
    assert [text for text, _ in way] == ["house", "house", "heart", "heart"]
    assert [ink for _, ink in way] == pytest.approx([0.6, 0.2, 0.2, 0.6])


def test_a_film_goes_steadily_there_and_back():
    seen = []
    shots = Reel(3, Pace(fps=10, move=0.5, rest=0.4)).there_and_back(lambda u, zoom: seen.append((u, zoom)))
    for shot in shots:
        shot.draw()
    there = [k / 20 for k in range(21)]
    assert [u for u, _ in seen] == pytest.approx([*there, *there[-2:0:-1]])
    assert {zoom for _, zoom in seen} == {3}
    assert [shot.ticks for shot in shots if shot.ticks > 1] == [4, 4]
