"""Shares of views that show parts: they sum to 1 at every place, and the mix of them is lawful."""

import attrs
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import LawError, NoiseLevel, View, evaluate, make, prompted, viewed
from superpose.estimate.lawful import check_law
from superpose.estimate.shares import shared, shown_shape
from superpose.testing.predictors import TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)
NETWORK = TinyPredictor()


def windows(shape, **options):
    return make("view", "panorama", size=[8, 8], **options).windows(shape)


@settings(deadline=None, max_examples=25)
@given(
    height=st.integers(8, 20),
    width=st.integers(8, 30),
    stride=st.integers(1, 12),
    wrap=st.sampled_from(["none", "width", "height", "both"]),
    blend=st.sampled_from(["even", "feathered"]),
)
def test_windows_over_any_canvas_are_a_lawful_mix(height, width, stride, wrap, blend):
    shape = (3, height, width)
    views = windows(shape, stride=stride, wrap=wrap, blend=blend)
    mix = viewed([(view, prompted(NETWORK, "a")) for view in views])
    check_law(mix, shape, [LEVEL])
    maps = [part.share for _, part in shared(views, [1.0] * len(views)) if part is not None]
    if maps:
        torch.testing.assert_close(torch.stack(maps).sum(0), torch.ones(height, width, dtype=torch.float64))


def test_one_window_of_everything_is_the_network_bit_for_bit():
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    [view] = windows((3, 8, 8), blend="feathered")
    mix = viewed([(view, prompted(NETWORK, "a"))])
    assert torch.equal(evaluate(mix, x, LEVEL).clean, evaluate(prompted(NETWORK, "a"), x, LEVEL).clean)


def test_a_place_is_the_mean_of_those_that_show_it_by_weight():
    left, right = windows((3, 8, 12), stride=4)
    x = torch.randn(1, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    mix = viewed([(left, prompted(NETWORK, "a")), (right, prompted(NETWORK, "b"))], [0.75, 0.25])
    clean = evaluate(mix, x, LEVEL).clean
    a = evaluate(prompted(NETWORK, "a"), x[..., :8].contiguous(), LEVEL).clean
    b = evaluate(prompted(NETWORK, "b"), x[..., 4:].contiguous(), LEVEL).clean
    torch.testing.assert_close(clean[..., :4], a[..., :4])
    torch.testing.assert_close(clean[..., 8:], b[..., 4:])
    torch.testing.assert_close(clean[..., 4:8], 0.75 * a[..., 4:] + 0.25 * b[..., :4])


class Varied(TinyPredictor):
    learned_variance = "learned"

    def predict(self, x, level, conditioning):
        return super().predict(x, level, conditioning)._replace(variance=x.square())


def test_a_variance_is_shared_in_the_same_way():
    views, x = windows((3, 8, 20), stride=6), torch.randn(1, 3, 8, 20, generator=torch.Generator().manual_seed(0))
    found = evaluate(viewed([(view, prompted(Varied(), "a")) for view in views]), x, LEVEL).variance
    torch.testing.assert_close(found, x.square())


def test_a_strip_that_no_view_shows_is_refused_with_its_place():
    views = [make("view", "window", left=left, size=[8, 8]).windows((3, 8, 20))[0] for left in (0, 12)]
    with pytest.raises(LawError, match="no view shows rows 0 to 7, columns 8 to 11 of the 8x20 canvas"):
        shared(views, [0.5, 0.5])


def test_views_of_other_sizes_are_refused():
    views = [windows((3, 8, width))[0] for width in (12, 16)]
    with pytest.raises(LawError, match="different sizes: 8x12, 8x16"):
        shared(views, [0.5, 0.5])


def test_whole_views_have_no_shares():
    views = [make("view", "identity"), make("view", "flip")]
    assert shared(views, [0.25, 0.75]) == [(0.25, None), (0.75, None)]


@attrs.frozen(kw_only=True)
class Louder(View):
    """The left half, twice as loud."""

    kind = "louder"

    def apply(self, x):
        return x[..., :8] * 2

    def invert(self, x):
        return torch.cat((x / 2, x * 0), -1)

    def share(self):
        return torch.cat((torch.ones(8, 8), torch.zeros(8, 8)), 1).double()


def test_a_part_that_makes_noise_louder_is_unlawful():
    rest = windows((3, 8, 16))[-1]
    mix = viewed([(Louder(), prompted(NETWORK, "a")), (rest, prompted(NETWORK, "a"))])
    with pytest.raises(LawError, match="changes the length of white noise"):
        mix.check((3, 8, 16))


def test_parts_are_no_product_of_densities_and_take_no_turns():
    mix = viewed([(view, prompted(NETWORK, "a")) for view in windows((3, 8, 16))])
    with pytest.raises(LawError, match="no product of densities"):
        mix.with_dispersion()


def test_the_size_of_what_is_shown_is_measured():
    assert shown_shape(windows((3, 8, 16))[0], (3, 8, 16)) == (3, 8, 8)
    assert shown_shape(make("view", "rotate", degrees=90), (1, 8, 8)) == (1, 8, 8)
