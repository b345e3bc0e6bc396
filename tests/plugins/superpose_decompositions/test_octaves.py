"""Bands an octave apart: what each is, at every size."""

import re

import attrs
import pytest
import torch

from problems import told
from superpose import make
from superpose.testing import check_decomposition


def waves(size):
    """A picture without detail, which any grid shows."""
    down, across = (torch.cos(torch.pi * k * (torch.arange(size) + 0.5) / size) for k in (2, 3))
    return torch.outer(down, across)[None, None]


@pytest.mark.parametrize("kind", ["laplacian", "haar"])
def test_the_lower_bands_are_the_same_at_the_next_stage(kind):
    rule = make("decomposition", kind, bands=3)
    small, large = rule.split(waves(32)), rule.scaled(2).split(waves(64))
    for one, other in zip(small[:2], large[:2], strict=True):
        shrunk = other.unflatten(-1, (32, 2)).mean(-1).unflatten(-2, (32, 2)).mean(-2)
        assert (one - shrunk).abs().max() < 0.04
    assert (small[0] - rule.split(waves(64))[0][..., ::2, ::2]).abs().max() > 0.1  # not scaled, they are others
    assert rule.scaled(2).scaled(0.5) == rule


@pytest.mark.parametrize("kind", ["laplacian", "haar"])
def test_octaves_grow_with_the_stages_of_a_cascade_without_end(kind):
    rule = make("decomposition", kind, bands=2, octaves=8)
    assert rule.scaled(4).octaves == 10
    assert f"{kind} can't halve 8x8 images 10 times: use octaves = 3" in told(rule.scaled(4), (3, 8, 8))


@pytest.mark.parametrize(("kind", "size"), [("laplacian", (3, 2, 2)), ("haar", (3, 3, 64))])
def test_more_halves_than_there_are_pixels_are_refused(kind, size):
    rule = make("decomposition", kind, bands=4)
    assert f"{kind} " in told(rule, size)
    assert "bands = 2" in told(rule, size)
    fewer = make("decomposition", kind, bands=2)
    assert not told(fewer, size)
    check_decomposition(fewer, *size)


@pytest.mark.parametrize(("bands", "octaves"), [(2, 1), (3, 1), (3, 2), (2, 3)])
def test_bands_of_haar_are_differences_of_block_means(bands, octaves):
    """A band has one octave, but for the highest, which has as many as it is told."""
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def means(times):
        small = torch.nn.functional.avg_pool2d(x, 2**times)
        return small.repeat_interleave(2**times, 2).repeat_interleave(2**times, 3)

    rule = make("decomposition", "haar", bands=bands, octaves=octaves)
    assert rule.names == tuple(f"band-{i}" for i in range(bands))
    coarse = [means(octaves + bands - 2 - band) for band in range(bands - 1)]
    want = [coarse[0], *(high - low for low, high in zip(coarse, [*coarse[1:], x], strict=True))]
    for got, band in zip(rule.split(x), want, strict=True):
        torch.testing.assert_close(got, band)


@pytest.mark.parametrize("kind", ["laplacian", "haar"])
def test_what_is_shown_of_a_picture_is_its_band(kind):
    x = torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rule = make("decomposition", kind, bands=3, octaves=2)
    for name, want in zip(rule.names, rule.split(x[None]), strict=True):
        torch.testing.assert_close(torch.from_numpy(rule.shown(x.numpy(), name)), want[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("side", [2, 5, 16, 40])
def test_the_cure_of_too_many_halves_is_one(side):
    """Whatever is asked for, what is written instead halves the image as often as it can be."""
    for bands in range(2, 9):
        for octaves in range(1, 9):
            rule = make("decomposition", "haar", bands=bands, octaves=octaves)
            problem = told(rule, (3, side, 64))
            assert bool(problem) == (2 ** (octaves + bands - 2) > side)
            if problem:
                _, _, cure = problem.partition(": use ")
                options = {key: int(n) for key, n in re.findall(r"(bands|octaves) = (\d+)", cure)}
                assert options, problem
                assert not told(attrs.evolve(rule, **options), (3, side, 64)), problem


def test_an_image_a_quarter_as_large_keeps_an_octave_at_least():
    rule = make("decomposition", "haar", bands=2, octaves=3)
    assert [rule.scaled(factor).octaves for factor in (4, 2, 1, 0.5, 0.25, 0.125)] == [5, 4, 3, 2, 1, 1]
