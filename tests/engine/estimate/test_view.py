"""Views: what one is that says nothing but its two maps."""

import attrs
import numpy as np
import pytest
import torch

from superpose import View, enlarged, option


@attrs.frozen(kw_only=True)
class Roll(View):
    """Rolls the image sideways."""

    kind = "roll"
    columns: int = option(1, doc="columns to roll by")

    def apply(self, x):
        return x.roll(self.columns, -1)

    def invert(self, x):
        return x.roll(-self.columns, -1)


@attrs.frozen(kw_only=True)
class Halved(Roll):
    """Shows the upper half."""

    kind = "halved"

    def apply(self, x):
        return x[..., : x.shape[-2] // 2, :]


IMAGE = np.random.default_rng(0).random((2, 4, 6))


def test_it_is_compared_by_value():
    assert Roll(columns=2) == Roll(columns=2)
    assert len({Roll(columns=2), Roll(columns=2), Roll()}) == 2


def test_its_maps_are_apply_the_transpose_and_that_of_variances():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    apply, invert, carry = Roll(columns=3).maps()
    assert torch.equal(apply(x), x.roll(3, -1))
    assert torch.equal(invert(apply(x)), x)
    assert torch.equal(carry(x), x.roll(-3, -1)), "variances go where their pixels go"


def test_what_is_not_said_is_a_view_of_any_size_that_is_not_cut():
    view = Roll()
    assert tuple(view.problems((9, 1, 77))) == ()
    assert view.scaled(4.0) is view
    assert view.cutting(8, 8) is None


@pytest.mark.parametrize("zoom", [1, 3])
def test_a_frame_begins_at_the_image_ends_at_the_reading_and_is_both_between(zoom):
    view, shown = Roll(), np.roll(IMAGE, 1, -1)
    before = IMAGE.copy()
    first, middle, last = (view.frame(IMAGE, u, zoom) for u in (0.0, 0.5, 1.0))
    assert np.array_equal(first, enlarged(IMAGE, zoom))
    assert np.array_equal(last, enlarged(shown, zoom))
    np.testing.assert_allclose(middle, enlarged((IMAGE + shown) / 2, zoom), atol=1e-12)
    assert np.array_equal(IMAGE, before), "the image is not written to"


def test_a_frame_of_another_shape_cuts_in_the_middle():
    shapes = [Halved().frame(IMAGE, u, 2).shape for u in (0.0, 0.49, 0.5, 1.0)]
    assert shapes == [(2, 8, 12), (2, 8, 12), (2, 4, 12), (2, 4, 12)]


def test_both_maps_must_be_said():
    with pytest.raises(TypeError, match="invert"):
        type("One", (View,), {"apply": Roll.apply})()
