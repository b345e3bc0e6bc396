"""The laws of taps and sites find what is wrong."""

import attrs
import pytest
import torch

import superpose
from superpose.testing import check_predictor, check_tap
from superpose.testing.predictors import AttentivePredictor, DeafPredictor
from superpose.testing.taps import Mean, Same


@pytest.mark.parametrize("tap", [Mean, Same])
def test_lawful_taps_pass(tap):
    assert check_tap(tap) == {"keeps-rows-apart": 0.0, "batch-invariance": 0.0, "writes-to-nothing": 0.0}


@attrs.frozen(eq=False)
class Mixing(superpose.Tap):
    """Mixes a row with those that it has seen before."""

    seen: list = attrs.field(factory=list)

    def edit(self, attention):
        self.seen.append(attention.probabilities)
        same = [one for one in self.seen if one.shape == attention.probabilities.shape]
        return torch.stack(same).mean(0)


@attrs.frozen
class Writing(superpose.Tap):
    """Writes to what it is shown."""

    def edit(self, attention):
        attention.query.mul_(2)
        return attention.probabilities


@pytest.mark.parametrize(
    ("tap", "message"), [(Mixing, "Mixing: row 1 changes by .* with the rows beside it"), (Writing, "Writing writes")]
)
def test_unlawful_taps_are_found(tap, message):
    with pytest.raises(superpose.LawError, match=message):
        check_tap(tap)


class Silent(AttentivePredictor):
    """Announces a site that it has not."""

    def __init__(self):
        super().__init__()
        self.sites = (*self.sites, superpose.Site("attic", "self"))

    def _middle(self, hidden, words):
        every, self.sites = self.sites, self.sites[:3]
        found = super()._middle(hidden, words)
        self.sites = every
        return found


class Sharper(AttentivePredictor):
    """Its kernel is another than its query and key say."""

    def predict(self, x, level, conditioning):
        return super().predict(x, level, conditioning)

    def _middle(self, hidden, words):
        seen = torch.nn.functional.adaptive_avg_pool2d(hidden, (4, 4)).flatten(2).transpose(1, 2)
        q = seen.unflatten(-1, (2, 4)).transpose(1, 2)
        superpose.left_out(self.sites[0])

        def kernel(q, k, v, mask):
            return torch.nn.functional.scaled_dot_product_attention(10 * q, k, v)

        said = [superpose.attend(site, q, q, q, kernel) for site in self.sites[1:]]
        said = sum(said).transpose(1, 2).flatten(2).transpose(1, 2).reshape(len(hidden), 8, 4, 4)
        return torch.nn.functional.interpolate(said, hidden.shape[2:])


@pytest.mark.parametrize(
    ("network", "message"),
    [(Silent, "attic is not both announced and gone through"), (Sharper, "with its own probabilities it answers")],
)
def test_unlawful_sites_are_found(network, message):
    with pytest.raises(superpose.LawError, match=message):
        check_predictor(network(), ["cat"])


def test_taps_change_nothing_of_a_deaf_network():
    x, level = torch.zeros(1, 3, 8, 8), AttentivePredictor().schedule.level(0, 500)
    deaf, tiny = (superpose.prompted(network(), "cat") for network in (DeafPredictor, AttentivePredictor))
    assert torch.equal(superpose.Tapped(deaf, (Mean(),))(x, level).clean, tiny(x, level).clean)
    assert not torch.equal(superpose.Tapped(tiny, (Mean(),))(x, level).clean, tiny(x, level).clean)
