"""The laws of losses catch what breaks them."""

import attrs
import pytest
import torch

from superpose import BoundLoss, LawError, Loss, Problem
from superpose.testing import check_loss


class By(BoundLoss):
    """Judges by a function."""

    def __init__(self, of):
        self.of = of

    def of(self, x):
        raise NotImplementedError


@attrs.frozen(kw_only=True, eq=False)
class Judging(Loss):
    """Judges by a function."""

    kind = "judging"
    of: object = None

    def problems(self, shape):
        if shape[1] < 4:
            yield Problem("", f"images of {shape[1]} rows are too small", "use larger ones")

    def bind(self, shape, device="cpu"):
        return By(self.of)


def squares(x):
    return torch.stack([row.square().sum() for row in x])


class Uphill(torch.autograd.Function):
    """The sum of squares, with the gradient of its negative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return squares(x)

    @staticmethod
    def backward(ctx, gradient):
        [x] = ctx.saved_tensors
        return -2 * x * gradient.view(-1, 1, 1, 1)


def test_a_lawful_one_has_a_figure_for_each_law():
    assert set(check_loss(Judging(of=squares), 2, 5, 6)) == {
        "one-number-an-image",
        "of-each-image-alone",
        "has-a-gradient",
        "falls-along-its-slope",
    }


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (lambda x: x.square().sum(), r"it tells \(\) of 2 images; it must be \(2,\)"),
        (lambda x: squares(x) / 0, r"it is \[inf, inf\] of noise: it must be finite"),
        (lambda x: squares(x) + x.mean(), "of one image changes by .* with the images beside it"),
        (lambda x: squares(x).double(), "of answers torch.float32 in torch.float64"),
        (lambda x: squares(x.round().detach()), "its largest gradient is 0.0: write it so that torch can"),
        (lambda x: squares(x) * 0, "its largest gradient is 0.0"),
        (Uphill.apply, "it does not fall against its gradient, which is another's then"),
        (lambda x: squares(x.mul_(2)), "write"),
    ],
)
def test_what_breaks_a_law_is_told(of, why):
    with pytest.raises(LawError, match=why):
        check_loss(Judging(of=of), 2, 5, 6)


def test_a_size_that_is_refused_is_told():
    with pytest.raises(LawError, match="it refuses this size: images of 3 rows are too small: use larger ones"):
        check_loss(Judging(of=squares), 2, 3, 6)
