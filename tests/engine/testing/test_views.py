"""The laws of views have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest
import torch

from superpose import LawError, View
from superpose.testing import check_view


@attrs.frozen(kw_only=True)
class Gain(View):
    """White balance: its inverse undoes it, and it is no view all the same."""

    kind = "gain"

    def apply(self, x):
        return x * 1.5

    def invert(self, x):
        return x / 1.5


@attrs.frozen(kw_only=True)
class Blur(View):
    """Averages neighbours."""

    kind = "blur"

    def apply(self, x):
        return (x + x.roll(1, -1) + x.roll(1, -2)) / 3

    def invert(self, x):
        return x


@attrs.frozen(kw_only=True)
class Nearest135(View):
    """Turns by 135 degrees, taking for each place the pixel nearest to where it came from."""

    kind = "nearest-135"
    back: int = 1

    def apply(self, x):
        angle = torch.tensor(135.0 * self.back).deg2rad()
        c, s = float(angle.cos()), float(angle.sin())
        turn = torch.tensor([[[c, -s, 0], [s, c, 0]]], dtype=x.dtype).expand(len(x), 2, 3)
        grid = torch.nn.functional.affine_grid(turn, list(x.shape), align_corners=False)
        return torch.nn.functional.grid_sample(x, grid, "nearest", "reflection", align_corners=False)

    def invert(self, x):
        return attrs.evolve(self, back=-self.back).apply(x)


@attrs.frozen(kw_only=True)
class Coloured(View):
    """Keeps every length on average, and correlates neighbours."""

    kind = "coloured"

    def apply(self, x):
        return (x + x.roll(1, -1)) / 2**0.5

    def invert(self, x):
        return (x + x.roll(-1, -1)) / 2**0.5


@attrs.frozen(kw_only=True)
class Views(View):
    """A lawful view, but for what a test replaces."""

    kind = "views"
    apply_: object = None
    invert_: object = None
    carry_: object = None

    def apply(self, x):
        return self.apply_(x) if self.apply_ else x.flip(-1)

    def invert(self, x):
        return self.invert_(x) if self.invert_ else x.flip(-1)

    def apply_to_variance(self, variance):
        return self.carry_(variance) if self.carry_ else variance.flip(-1)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (Gain(), r"view 'gain' Gain\(\) at 3x16x16: it changes the length of an image by up to 1.5 times"),
        (Blur(), r"changes the length of an image by up to 0\.5\d+ times"),
        (Nearest135(), r"changes the length of an image by up to (0\.9\d*|1\.\d+) times"),
        (Coloured(), r"changes the length of an image by up to (0\.9\d*|1\.0\d+) times"),
        (Views(invert_=lambda x: x), r"invert\(apply\(x\)\) is off from x by \d"),
        (Views(apply_=lambda x: x.flip(-1) + 0.1), r"apply is not linear: the value of 2x - 3y is off by 0\.2"),
        (Views(apply_=lambda x: x.abs()), r"apply is not linear"),
        (Views(apply_=lambda x: x.mul_(-1)), r"apply writes to its argument \(by up to \d"),
        (Views(apply_=lambda x: x.flip(0)), r"apply of one image changes by \d.* with the images beside it"),
        (Views(apply_=lambda x: x.flip(-1).double()), r"apply answers torch.float32 in torch.float64"),
        (Views(carry_=lambda v: -v.flip(-1)), r"apply_to_variance makes a variance of 1 everywhere differ from 1 by 2"),
        (Views(carry_=lambda v: 2 * v.flip(-1) - v.mean()), r"apply_to_variance takes variances in \[.*\] to \[-"),
    ],
    ids=lambda it: it.kind if isinstance(it, View) else "",
)  # fmt: skip
def test_what_is_no_view_is_caught(view, says):
    with pytest.raises(LawError, match=says):
        check_view(view, 3, 16, 16)


def test_a_lawful_view_passes():
    check_view(Views(), 3, 16, 16)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (Gain(), r"white noise with standard deviation 1\.5\d*, not 1"),
        (Blur(), r"white noise with standard deviation 0\.5\d+, not 1"),
        (Coloured(), r"white noise with correlation 0\.(49|50)\d* from one column to the next, not 0"),
    ],
)
def test_noise_that_is_no_longer_white_is_caught_by_itself(view, says):
    from superpose.testing.views import keeps_noise_white

    with pytest.raises(LawError, match=says):
        keeps_noise_white(view, 3, 16, 16)


def test_a_transpose_that_is_only_an_inverse_is_caught():
    """A shear undoes itself exactly, and keeps no length."""
    from superpose.testing.views import is_transpose, undoes

    view = Views(
        apply_=lambda x: torch.cat([x[..., :1] + x[..., 1:2], x[..., 1:]], -1),
        invert_=lambda x: torch.cat([x[..., :1] - x[..., 1:2], x[..., 1:]], -1),
    )
    undoes(view, 3, 8, 8)
    with pytest.raises(LawError, match="invert is not the transpose of apply"):
        is_transpose(view, 3, 8, 8)
