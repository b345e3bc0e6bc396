"""The laws of arrangements find what breaks them."""

import attrs
import pytest
import torch

from superpose import Arrangement, LawError
from superpose.testing import check_view


@attrs.frozen(kw_only=True)
class Broken(Arrangement):
    """Breaks one law at a time."""

    kind = "broken"
    breaks: str = ""

    def apply(self, x):
        shown = torch.tanh(x)
        match self.breaks:
            case "range":
                return shown * 3
            case "rows":
                return (shown + shown.mean(0, keepdim=True)) / 2
            case "writes":
                x.data.mul_(0.5)
            case "slope":
                return shown.detach() + 0 * x
        return shown


def test_a_lawful_one():
    found = check_view(Broken(), 3, 8, 8)
    assert found["has-a-slope"] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        ("range", "it shows values up to"),
        ("rows", "an image alone"),
        ("writes", "writes to a tensor"),
        ("slope", "torch says that it changes by"),
    ],
)
def test_what_is_broken_is_found(breaks, why):
    with pytest.raises(LawError, match=why):
        check_view(Broken(breaks=breaks), 3, 8, 8)
