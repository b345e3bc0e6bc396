"""Losses as recipes name them."""

import attrs
import pytest

from superpose import BoundLoss, Loss, PluginError


@attrs.frozen(kw_only=True)
class Told(Loss):
    """Binds to what a test chooses."""

    kind = "told"
    bound: object = None

    def bind(self, shape, device="cpu"):
        return self.bound


class Nothing(BoundLoss):
    """Wants nothing."""

    def of(self, x):
        return x.flatten(1).sum(1) * 0


def test_it_is_bound_to_a_loss():
    bound = Nothing()
    assert Told(bound=bound).bound_to((3, 8, 8)) is bound
    with pytest.raises(PluginError, match=r"Told\.bind, .* returns a float, and must return a superpose\.BoundLoss"):
        Told(bound=0.5).bound_to((3, 8, 8))


def test_it_refuses_no_size_unless_it_says_so():
    assert not list(Told().problems((3, 8, 8)))
