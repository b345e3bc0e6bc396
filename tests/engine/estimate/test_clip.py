"""Clipping: applied once, to the combined clean image, each image by itself."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import Clipped, DynamicClip, Known, Mix, NoiseLevel, StaticClip, Term

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)


def noise(rows=4, scale=2.0, seed=0):
    return scale * torch.randn(rows, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_static_clip_cuts_off():
    x = noise()
    clipped = StaticClip(range=0.7).apply(x)
    assert clipped.abs().max() <= 0.7
    inside = x.abs() <= 0.7
    assert torch.equal(clipped[inside], x[inside])


@given(ratio=st.floats(0.5, 1), maximum=st.floats(1, 4), scale=st.floats(0.1, 5), seed=st.integers(0, 99))
def test_dynamic_clip_is_imagens(ratio, maximum, scale, seed):
    x = noise(scale=scale, seed=seed)
    got = DynamicClip(ratio=ratio, maximum=maximum).apply(x)
    for image, clipped in zip(x, got, strict=True):
        limit = min(max(float(torch.quantile(image.abs(), ratio)), 1.0), maximum)
        want = image.clamp(-limit, limit) / limit
        torch.testing.assert_close(clipped, want, atol=1e-6, rtol=1e-6)


@given(seed=st.integers(0, 99))
def test_an_image_is_clipped_by_its_own_values(seed):
    clip = DynamicClip(ratio=0.9, maximum=3.0)
    x = noise(seed=seed) * torch.tensor([0.1, 1.0, 3.0, 9.0]).view(-1, 1, 1, 1)
    together = clip.apply(x)
    for i in range(len(x)):
        assert torch.equal(together[i], clip.apply(x[i : i + 1])[0]), f"image {i} depends on its neighbours"


def test_the_combined_image_is_clipped_and_not_its_branches():
    positive, negative = Known(torch.full((3, 8, 8), 0.5)), Known(torch.full((3, 8, 8), 0.9))
    guided = Mix((Term(positive, 3.0), Term(negative, -2.0)))
    x = noise()
    whole = Clipped(guided, StaticClip())(x, MOMENT).clean
    torch.testing.assert_close(whole, torch.full_like(x, 3.0 * 0.5 - 2.0 * 0.9))
    branches = Mix(
        (Term(Clipped(positive, StaticClip(range=0.6)), 3.0), Term(Clipped(negative, StaticClip(range=0.6)), -2.0))
    )(x, MOMENT).clean
    assert not torch.allclose(whole, branches)
