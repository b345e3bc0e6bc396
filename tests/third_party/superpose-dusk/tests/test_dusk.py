"""The laws, and that each kind does what its manual page promises."""

import colorsys

import pytest
import superpose
import torch
from superpose.testing import check_classifier, check_clip, check_import_time, report

from superpose_dusk.hours import Hours
from superpose_dusk.hue import Hue


@pytest.mark.parametrize("kind", [Hours, Hue])
def test_every_law_holds_in_every_variant(kind):
    broken = [str(line) for line in report(kind) if line.status != "ok"]
    assert not broken, "\n".join(broken)


def test_the_laws_at_sizes_that_nobody_uses():
    check_clip(Hue(), 2, 7, 11)
    check_classifier(Hours(size=9), t=40)


def test_the_plugin_is_light():
    check_import_time("superpose_dusk")


@pytest.mark.parametrize(("alpha", "sigma"), [(0.1, 0.995), (0.6, 0.8), (1.0, 0.0)])
def test_the_hour_is_as_likely_as_bayes_says(alpha, sigma):
    """Against the density of the mean of a picture whose every value is the same, plus noise."""
    kind = Hours(size=4, std=0.3)
    x = torch.randn((5, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    likely = kind.load().logits(x, superpose.NoiseLevel(0, 0.0, alpha, sigma)).softmax(1)[:, 0].double()
    noisy = torch.full((48, 48), alpha**2 * 0.3**2).double() + sigma**2 * torch.eye(48).double()
    noisy += 1e-3 * torch.eye(48).double() * (sigma == 0)  # a density needs a little noise; the mean barely does
    day, night = (
        torch.distributions.MultivariateNormal(torch.full((48,), alpha * mean).double(), noisy).log_prob(x.flatten(1))
        for mean in (kind.day, kind.night)
    )
    torch.testing.assert_close(likely, torch.sigmoid(day - night), atol=1e-3, rtol=0)


def test_an_hour_that_there_is_not_names_both():
    with pytest.raises(superpose.PromptError, match="there is no hour 'noon'; write one of day, night"):
        Hours().label("noon")


def test_no_hue_turns():
    """The hue of the standard library, of colours twice as loud as the range."""
    colours = 4 * torch.rand((500, 3), generator=torch.Generator().manual_seed(0)) - 2
    colours = colours[colours.mean(1).abs() < 0.9]  # all beyond white has no hue left
    kept = Hue().apply(colours.T[None, :, :, None])[0, :, :, 0].T
    assert float(kept.abs().max()) <= 1
    for before, after in zip(colours.tolist(), kept.tolist(), strict=True):
        was, now = (colorsys.rgb_to_hsv(*((value + 2) / 4 for value in colour))[0] for colour in (before, after))
        assert abs((was - now + 0.5) % 1 - 0.5) < 1e-3, (before, after)
        assert sum(after) == pytest.approx(sum(before), abs=1e-5), "it is brighter or darker"
