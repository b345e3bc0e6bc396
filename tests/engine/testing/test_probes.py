"""Probes of the laws: what they measure, and that a broken law names who breaks it and by how much."""

import math

import attrs
import pytest
import torch

from superpose import LawError, View
from superpose.testing.probes import gap, keeps_form, linear, noise, of_law, size, unwritten


@attrs.frozen(kw_only=True)
class Plain(View):
    """Shows what is there."""

    kind = "plain"

    def apply(self, x):
        return x

    def invert(self, x):
        return x


VIEW = Plain()


def test_noise_is_white_and_the_same_for_a_seed():
    x = noise(100, 3, 8, 8)
    assert x.dtype == torch.float64
    assert abs(float(x.mean())) < 0.03
    assert abs(float(x.std()) - 1) < 0.03
    assert torch.equal(x, noise(100, 3, 8, 8))
    assert not torch.equal(x, noise(100, 3, 8, 8, seed=1))
    assert noise(1, 2, double=False).dtype == torch.float32


def test_noise_of_another_law_keeps_its_order_and_is_even():
    normal = noise(1, 1, 50, 50)
    even = of_law(normal, "uniform")
    assert torch.equal(even.flatten().argsort(), normal.flatten().argsort())
    assert 0 <= float(even.min()) < 0.01
    assert 0.99 < float(even.max()) <= 1
    assert of_law(normal, "normal") is normal


@pytest.mark.parametrize(
    ("got", "want", "off"),
    [
        (torch.zeros(2), torch.tensor([0.0, -3.0]), 3),
        (torch.zeros(2), torch.zeros(3), math.inf),
        (torch.tensor([math.nan]), torch.zeros(1), math.inf),
        (torch.ones(2, dtype=torch.float16), torch.ones(2), 0),
    ],
)
def test_a_gap_is_the_largest_difference(got, want, off):
    assert gap(got, want) == off


@pytest.mark.parametrize("f", [lambda x: 3 * x, lambda x: x.flip(-1)])
def test_what_is_linear_passes(f):
    assert linear(VIEW, "it", f, 3, 4, 5) < 1e-12
    assert keeps_form(VIEW, "it", f, 3, 4, 5) == 0


@pytest.mark.parametrize("f", [lambda x: x + 1, torch.abs, torch.square])
def test_what_is_not_linear_is_told(f):
    with pytest.raises(LawError, match=r"view 'plain' Plain\(\) at 3x4x5: it is not linear: the value of 2x"):
        linear(VIEW, "it", f, 3, 4, 5)


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: x.double(), "answers torch.float32 in torch.float64"),
        (lambda x: x[:1], "answers 3 images with 1"),
        (lambda x: x - x.mean(0), "of one image changes by .* with the images beside it"),
        (lambda x: x.mul_(2), "writes to its argument"),
    ],
)
def test_what_does_not_keep_its_form_is_told(f, says):
    with pytest.raises(LawError, match=says):
        keeps_form(VIEW, "it", f, 3, 4, 5)


def test_a_size_is_that_of_one_image():
    x = noise(2, 3, 4, 5)
    assert size(x) == "3x4x5"
    with unwritten(VIEW, "nobody", x):
        pass
