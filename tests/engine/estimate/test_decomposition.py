"""Decompositions: parts by their names, sums that are the whole, and a split that is none is blamed."""

import attrs
import numpy as np
import pytest
import torch

from superpose import Decomposition, LawError, PluginError, make

X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@attrs.frozen(kw_only=True)
class Halves(Decomposition):
    """The left and the right half."""

    kind = "halves"
    names = ("left", "right")

    def split(self, x):
        mask = (torch.arange(x.shape[-1]) < x.shape[-1] // 2).to(x.dtype)
        return x * mask, x * (1 - mask)


def test_a_part_is_that_of_the_split():
    for name, want in zip(Halves.names, Halves().split(X), strict=True):
        assert torch.equal(Halves().part(name)(X), want)
    with pytest.raises(LawError, match="halves has no part 'top'; its parts are left, right"):
        Halves().part("top")


def test_what_is_taken_apart_is_put_together():
    assert torch.equal(Halves().synthesis(Halves().analysis(X)), X)


def test_a_part_of_a_picture_is_shown_and_leaves_the_picture_alone():
    picture = X[0].double().numpy()
    copy = picture.copy()
    shown = Halves().shown(picture, "left")
    assert np.array_equal(shown[..., :4], picture[..., :4])
    assert not shown[..., 4:].any()
    assert np.array_equal(picture, copy)


def test_by_itself_it_fits_every_size_and_is_seen_from_nowhere():
    assert list(Halves().problems((3, 1, 1))) == []
    assert Halves().distance("left") is None
    assert Halves().scaled(2.0) is not None


@pytest.mark.parametrize(
    ("split", "says"),
    [
        (lambda x: x, "returns a torch.Tensor, and must return a tuple of a tensor for each of left, right"),
        (lambda x: (x,), "returns a tuple of 1, and must return a tuple of a tensor for each of left, right"),
        (lambda x: None, "returns nothing"),
    ],
)
def test_a_split_that_is_none_is_blamed(split, says):
    @attrs.frozen(kw_only=True)
    class Wrong(Halves):
        """Wrong."""

        def split(self, x):
            return split(x)

    with pytest.raises(PluginError, match=rf"Wrong\.split.*{says}"):
        Wrong().part("left")(X)
    with pytest.raises(PluginError, match=rf"Wrong\.split.*{says}"):
        Wrong().analysis(X)


@pytest.mark.parametrize("kind", ["hybrid", "laplacian", "haar", "colour"])
def test_ours_sum_to_the_whole_by_their_coefficients(kind):
    parts = make("decomposition", kind)
    torch.testing.assert_close(parts.synthesis(parts.analysis(X)), X, atol=1e-5, rtol=1e-5)
