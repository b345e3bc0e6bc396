"""The laws of clippings have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest

from superpose import Clip, LawError
from superpose.testing import check_clip


@attrs.frozen(kw_only=True)
class Stretched(Clip):
    """Scales every image to fill the range."""

    kind = "stretched"

    def apply(self, clean):
        return clean / clean.abs().amax((1, 2, 3), keepdim=True)


@attrs.frozen(kw_only=True)
class Shared(Clip):
    """Scales all images by the loudest of them."""

    kind = "shared"

    def apply(self, clean):
        return clean / clean.abs().max().clamp(min=1.0)


@attrs.frozen(kw_only=True)
class Halved(Clip):
    """Makes everything softer, whether it is too loud or not."""

    kind = "halved"

    def apply(self, clean):
        return clean / 2


@attrs.frozen(kw_only=True)
class Absolute(Clip):
    """Makes what is dark bright."""

    kind = "absolute"

    def apply(self, clean):
        return clean.abs().clamp(max=1.0)


@pytest.mark.parametrize(
    ("clip", "why"),
    [
        (Stretched(), "it makes pixels larger, by up to"),
        (Shared(), "apply of one image changes by .* with the images beside it"),
        (Halved(), "it changes what it has clipped already, by"),
        (Absolute(), "it turns dark pixels into bright ones"),
    ],
    ids=lambda it: getattr(it, "kind", ""),
)
def test_a_clipping_that_breaks_a_law_is_caught(clip, why):
    with pytest.raises(LawError, match=why):
        check_clip(clip, 3, 8, 8)
