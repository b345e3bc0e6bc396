"""Smoothed-energy guidance: queries that are blurred."""

import pytest
import torch

import superpose
from superpose.testing import check_guidance, check_tap
from superpose_guidance.seg import blurred


def attention(places=(8, 8), grid=(8, 8)):
    q, k, v = (
        torch.randn(1, 2, places[0] * places[1], 4, generator=torch.Generator().manual_seed(i)) for i in range(3)
    )
    return superpose.Attention(superpose.Site("a", "self"), q, k, v, (superpose.Row(0, 0),), grid=grid)


def test_without_a_width_all_places_ask_for_the_mean():
    told = attention()
    got = superpose.make("guidance", "seg").tap().edit(told)
    want = ((told.query.mean(2, keepdim=True) @ told.key.transpose(2, 3)) / 2).softmax(-1).expand_as(got)
    torch.testing.assert_close(got, want)


def test_a_little_blur_is_nearly_none_and_a_wide_one_nearly_the_mean():
    told = attention()
    none, mean = told.probabilities, superpose.make("guidance", "seg").tap().edit(told)
    little, wide = (superpose.make("guidance", "seg", sigma=sigma).tap().edit(told) for sigma in (0.1, 50.0))
    torch.testing.assert_close(little, none)
    assert (wide - mean).abs().max() < 0.3 * (none - mean).abs().max()


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_the_blur_is_that_of_torchvision(sigma):
    """Its kernel of the paper's width, and mirrored edges."""
    import math

    images = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    size = math.ceil(6 * sigma) + 1 - math.ceil(6 * sigma) % 2
    line = torch.linspace(-(size - 1) / 2, (size - 1) / 2, size)
    kernel = (-0.5 * (line / sigma) ** 2).exp()
    kernel = kernel / kernel.sum()
    padded = torch.nn.functional.pad(images, [size // 2] * 4, mode="reflect")
    want = torch.nn.functional.conv2d(padded, (kernel[:, None] * kernel)[None, None])
    torch.testing.assert_close(blurred(images, sigma), want, atol=1e-6, rtol=1e-5)


def test_places_that_are_no_rectangle_are_refused():
    with pytest.raises(superpose.RunError, match="a has 64 places, which are no rectangle"):
        superpose.make("guidance", "seg", sigma=1.0).tap().edit(attention(grid=None))


@pytest.mark.parametrize("sigma", [None, 0.7, 30.0])
def test_it_keeps_the_laws(sigma):
    seg = superpose.make("guidance", "seg", sigma=sigma)
    check_guidance(seg, rows=2)
    check_tap(seg.tap)
