"""Arrangements: views that have no inverse."""

import attrs
import pytest
import torch

from superpose import Arrangement, LawError


@attrs.frozen(kw_only=True)
class Bent(Arrangement):
    """Bends values."""

    kind = "bent"

    def apply(self, x):
        return torch.tanh(x)


def test_steps_look_at_it_as_it_is_unless_it_says_otherwise():
    x = torch.randn(2, 1, 3, 3)
    assert torch.equal(Bent().shaken(x, torch.randn_like(x)), Bent().apply(x))


def test_there_is_no_way_back():
    with pytest.raises(LawError, match="bent is no linear map and has no inverse: use a scheduler that optimises"):
        Bent().invert(torch.zeros(1, 1, 3, 3))
