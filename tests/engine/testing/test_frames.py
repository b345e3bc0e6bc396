"""The laws of frames have teeth: an animation that begins or ends elsewhere is caught."""

import attrs
import numpy as np
import pytest

from superpose import LawError, View, enlarged
from superpose.testing import check_view


@attrs.frozen(kw_only=True)
class Mirror(View):
    """A view that knows nothing of animations, unless a test teaches it."""

    kind = "mirror"
    drawn: object = None

    def apply(self, x):
        return x.flip(-1)

    def invert(self, x):
        return x.flip(-1)

    def frame(self, image, u, zoom=1):
        return self.drawn(image, u, zoom) if self.drawn else super().frame(image, u, zoom)


def turned(image, u, zoom):
    return enlarged(image if u < 0.5 else image[..., ::-1], zoom)


def touched(image, u, zoom):
    image[0, 0, 0] = 0.25
    return turned(image, u, zoom)


def unsteady(image, u, zoom):
    return turned(image, u, zoom) + (np.random.default_rng().random() if 0 < u < 1 else 0)


@pytest.mark.parametrize("drawn", [None, turned])
def test_frames_between_the_readings_pass(drawn):
    figures = check_view(Mirror(drawn=drawn), 3, 9, 12)
    assert figures["frames-begin-at-the-image"] == figures["frames-end-at-the-reading"] == 0


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        (lambda image, u, zoom: turned(image, 1, zoom), r"the frame at 0 is \d.* away from the image"),
        (lambda image, u, zoom: turned(image, 0, zoom), r"the frame at 1 is up to \d.* away from what the view shows"),
        (lambda image, u, zoom: turned(image, u, zoom) + (u == 1) * 1e-2, "the frame at 1 is up to 0.01 away"),
        (lambda image, u, zoom: turned(image, u, 1), r"the frame at 0.8 with zoom = 2 has shape 3x8x8"),
        (lambda image, u, zoom: turned(image, u, zoom).astype(np.float32), "frame returns an array of float32"),
        (lambda image, u, zoom: turned(image, u, zoom).tolist(), "frame returns list, and must return a NumPy array"),
        (lambda image, u, zoom: turned(image, u, zoom) / (u != 0.3), "the frame at 0.3 has values that are no finite"),
        (touched, "frame writes to the image"),
        (unsteady, "the frame at 0.3 is another one when it is asked for again"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*encountered in divide")
def test_what_is_no_animation_of_the_view_is_caught(drawn, says):
    with pytest.raises(LawError, match=f"view 'mirror' .* at 3x8x8: {says}"):
        check_view(Mirror(drawn=drawn), 3, 8, 8)


def test_a_view_that_shows_another_shape_is_cut_to_in_the_middle():
    @attrs.frozen(kw_only=True)
    class Tall(View):
        """Lays the right half below the left one."""

        kind = "tall"

        def apply(self, x):
            import torch

            return torch.cat(x.chunk(2, -1), -2)

        def invert(self, x):
            import torch

            return torch.cat(x.chunk(2, -2), -1)

    image = np.arange(8.0).reshape(1, 2, 4)
    assert Tall().frame(image, 0.4, 2).shape == (1, 4, 8)
    assert np.array_equal(Tall().frame(image, 1.0), [[[0, 1], [4, 5], [2, 3], [6, 7]]])
