"""Laws of views that show parts: right ones keep them, and each way to be wrong is told."""

import attrs
import pytest

from superpose import LawError, View, make
from superpose.testing import check_view

LAWS = {
    "sheets-lie-where-it-says",
    "apply-is-linear",
    "apply-keeps-form",
    "windows-show-all",
    "windows-show-the-part",
    "windows-undo",
    "windows-are-transposes",
    "shares-are-where-it-shows",
    "frames-are-pictures",
    "frames-begin-at-the-image",
    "frames-end-at-the-reading",
}


@attrs.frozen(kw_only=True)
class Half(View):
    """The upper half of an image of eight rows."""

    kind = "half"
    gain: float = 1.0
    gives: int = 8
    counts: float = 0.0
    shows: int = 4

    def apply(self, x):
        return x[..., : self.shows, :] * self.gain

    def invert(self, x):
        whole = x.new_zeros((*x.shape[:2], self.gives, x.shape[3]))
        whole[..., : x.shape[2], :] = x
        return whole

    def share(self):
        share = self.invert(self.apply(make("view", "identity").apply(_ones())))[0, 0]
        return share / max(self.gain, 1e-9) + self.counts


@attrs.frozen(kw_only=True)
class Whole(Half):
    """What shows the half by windows of its own."""

    kind = "halves"
    window: Half = Half()
    windows_given: int = 1

    def windows(self, shape):
        return (self.window,) * self.windows_given


def _ones():
    import torch

    return torch.ones(1, 1, 8, 8, dtype=torch.float64)


def test_a_part_keeps_the_laws_of_parts_and_not_those_of_whole_views():
    assert check_view(Whole(), 3, 8, 8).keys() == LAWS


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (Whole(windows_given=0), "windows gives none"),
        (Whole(window=Half(gives=7)), "gives an image of shape"),
        (Whole(window=Half(shows=3)), "its windows show 72 values, and it shows 96"),
        (Whole(window=Half(gain=2.0), gain=2.0), "apply\\(invert\\(y\\)\\) is off"),
        (Whole(window=Half(counts=0.5)), "where it shows nothing"),
        (Whole(window=Half(counts=-0.5)), "not one number of 0 or more"),
    ],
)
def test_each_way_to_be_wrong_is_told(view, why):
    with pytest.raises(LawError, match=why):
        check_view(view, 3, 8, 8)
