"""What guidances that combine two images share: projections of each sample, and one question where one is enough."""

import attrs
import pytest
import torch

from superpose import Denoiser, Estimate, TableSchedule, prompted
from superpose.testing.predictors import TinyPredictor
from superpose_guidance.contrast import Contrast, Contrasted, inner, share

A, B = torch.randn(2, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("over", [(1, 2, 3), (1,)])
def test_the_share_leaves_what_is_at_right_angles(over):
    left = A.double() - share(A, B, over) * B.double()
    assert float(inner(left, B, over).abs().max()) < 1e-12
    torch.testing.assert_close(share(3 * B, B, over), torch.full_like(share(B, B, over), 3))


def test_each_sample_has_its_own():
    whole = share(A, B)
    assert whole.shape == (3, 1, 1, 1)
    assert whole.dtype == torch.float64
    for k in range(3):
        assert torch.equal(share(A[k : k + 1], B[k : k + 1])[0], whole[k]), f"sample {k}"


def test_of_nothing_there_is_no_share():
    assert not share(A, torch.zeros_like(A)).any()


@attrs.frozen(kw_only=True)
class Mean(Contrast):
    """The mean of both."""

    kind = "mean"

    def combined(self, positive, negative):
        return (positive + negative) / 2


LEVEL = TableSchedule.named("linear").level(0, 500)


X = torch.ones(1, 3, 4, 4)


def asked(scale):
    network = TinyPredictor((3, 4, 4))
    told = [network.condition(prompt) for prompt in ("cat", "dog")]
    estimate = Mean(scale=scale).denoiser(network, *told)(X, LEVEL)
    return network.blocks, estimate


def test_at_scale_one_the_negative_is_not_asked():
    rows, estimate = asked(1.0)
    assert rows == [1]
    assert torch.equal(estimate.clean, prompted(TinyPredictor((3, 4, 4)), "cat")(X, LEVEL).clean)


def test_both_are_asked_at_once():
    rows, estimate = asked(2.0)
    assert rows == [2]
    network = TinyPredictor((3, 4, 4))
    positive, negative = (prompted(network, prompt)(X, LEVEL).clean for prompt in ("cat", "dog"))
    torch.testing.assert_close(estimate.clean, (positive + negative) / 2)


@attrs.frozen(eq=False)
class Said(Denoiser):
    """Says the same always."""

    value: float

    def estimate(self, x, level):
        yield []
        return Estimate(x * self.value, x * 0 + self.value)


def test_the_variance_is_that_of_the_prompt():
    estimate = Contrasted(Said(3.0), Said(1.0), Mean())(X, LEVEL)
    assert torch.equal(estimate.clean, 2 * X)
    assert torch.equal(estimate.variance, 3 * X)
