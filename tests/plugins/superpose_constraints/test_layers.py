"""Stacks of levels: the recorded replication of Generative Powers of Ten, and what its noise should have been."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from recorded_posteriors import Case
from superpose_constraints.layers import Layers, box, deepest

CASE = Case("po_a_powers_of_ten")


def blurred(image, times):
    """The replication's way: a Gaussian of half the factor, reflected at the edges, then every so manieth pixel."""
    size = max(3, min((times // 2) * 2 + 1, *image.shape[-2:]) | 1)
    at = torch.linspace(-(size - 1) / 2, (size - 1) / 2, size)
    kernel = torch.exp(-0.5 * (at / (times / 2)).square())
    kernel = torch.outer(kernel, kernel) / kernel.sum() ** 2
    padded = functional.pad(image, (size // 2,) * 4, mode="reflect")
    channels = image.shape[1]
    return functional.conv2d(padded, kernel.expand(channels, 1, -1, -1), groups=channels)[..., ::times, ::times]


@pytest.mark.parametrize("name", CASE.runs)
def test_it_is_the_recorded_program(name):
    run = CASE.runs[name]
    layers = Layers(run["p"], run["max_depth"], blurred)
    images, noise, given_layers = (list(CASE.given[f"{name}/{key}"][:, None]) for key in ("images", "E", "L"))
    CASE.agree(f"{name}/downscale_1", blurred(images[0], run["p"]))
    CASE.agree(f"{name}/render_image", torch.cat(layers.rendered(given_layers)))
    CASE.agree(f"{name}/render_noise", torch.cat(layers.rendered(noise, gain=True)))
    blended = layers.blended(images)
    CASE.agree(f"{name}/blended", torch.cat(blended))
    CASE.agree(f"{name}/render_blended", torch.cat(layers.rendered(blended)))


def white(levels):
    """The largest of deviations from 1 of the deviation, and of correlations of neighbours, over all levels."""
    worst = 0.0
    for level in levels:
        right = (level[..., 1:] * level[..., :-1]).mean()
        below = (level[..., 1:, :] * level[..., :-1, :]).mean()
        worst = max(worst, *(abs(float(each)) for each in (level.std() - 1, right, below)))
    return worst


@settings(deadline=None, max_examples=4)
@given(factor=st.sampled_from([2, 4]), count=st.integers(2, 4))
def test_noise_stays_white_pasted_or_not_and_the_replication_s_does_not(factor, count):
    generator = torch.Generator().manual_seed(factor * 10 + count)
    levels = [torch.randn(24, 3, 32, 32, generator=generator) for _ in range(count)]
    depth = deepest(32, factor)
    ours, theirs = (Layers(factor, depth, how).rendered(levels, gain=True) for how in (box, blurred))
    assert white(ours) < 0.03
    assert torch.equal(ours[-1], levels[-1]), "nothing lies in the middle of the last"
    outside = torch.ones(32, 32, dtype=torch.bool)
    side, first = 32 // factor, (32 - 32 // factor) // 2
    outside[first : first + side, first : first + side] = False
    assert torch.equal(ours[0][..., outside], levels[0][..., outside]), "where nothing is pasted it is what was drawn"
    if factor == 2:
        assert white([theirs[0][..., ~outside].reshape(24, 3, side, side)]) > 0.1


def test_the_middle_of_each_level_is_the_next_one_smaller():
    levels = [torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(i)) for i in range(3)]
    for gain in (False, True):
        seen = Layers(2, 3).rendered(levels, gain=gain)
        for coarse, fine in pairwise(seen):
            torch.testing.assert_close(coarse[..., 4:12, 4:12], box(fine, 2) * (2 if gain else 1))


def test_levels_that_agree_stay_as_they_are():
    whole = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    levels = [functional.interpolate(whole, scale_factor=0.5, mode="area"), whole[..., 8:24, 8:24]]
    seen = Layers(2, 2).rendered(levels)
    torch.testing.assert_close(seen[0], levels[0])
    torch.testing.assert_close(Layers(2, 2).rendered(Layers(2, 2).blended(seen))[0], seen[0])


def test_the_depth_is_as_often_as_the_middle_has_whole_pixels():
    assert [deepest(side, 2) for side in (32, 24, 12, 10, 7)] == [4, 2, 1, 0, 0]
    assert [deepest(side, factor) for side, factor in ((32, 4), (27, 3), (8, 8))] == [2, 2, 0]
