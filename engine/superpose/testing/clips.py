"""The laws of clipping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, keeps_form, noise, size

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.clip import Clip

#: Loudness of the images that are clipped: within range, at its edge, and far beyond.
LOUDNESS = (0.1, 1.0, 10.0)


def check_clip(clip: Clip, channels: int = 3, height: int = 32, width: int = 32) -> dict[str, float]:
    """Hold a way of clipping to all its laws on images of one size.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    return figures(laws(clip, channels, height, width))


def laws(clip: Clip, channels: int, height: int, width: int) -> Iterator[Law]:
    """The laws of clipping images of one size."""
    shape = channels, height, width
    yield Law("apply-keeps-form", lambda: keeps_form(clip, "apply", clip.apply, *shape))
    yield Law("clips-once", lambda: clips_once(clip, *shape))
    yield Law("draws-back", lambda: draws_back(clip, *shape))


def clips_once(clip: Clip, channels: int, height: int, width: int) -> float:
    """Images in range are left as they are: done twice, it does no more than once."""
    once = clip.apply(_loud(channels, height, width))
    off = gap(clip.apply(once), once)
    if not off <= TOLERANCE:
        broken(clip, size(once), f"it changes what it has clipped already, by {off:.3g}")
    return off


def draws_back(clip: Clip, channels: int, height: int, width: int) -> float:
    """Dark pixels stay dark, bright ones bright, and none grows.

    Pixels and not values: one that is brought back along its saturation may lose the sign of a channel.
    """
    x = _loud(channels, height, width)
    y = clip.apply(x)
    if bool(((y * x).sum(1) < 0).any()):
        broken(clip, size(x), "it turns dark pixels into bright ones")
    grown = float((y.norm(dim=1) - x.norm(dim=1)).max())
    if not grown <= TOLERANCE:
        broken(clip, size(x), f"it makes pixels larger, by up to {grown:.3g}")
    return max(grown, 0.0)


def _loud(channels: int, height: int, width: int) -> Tensor:
    x = noise(len(LOUDNESS), channels, height, width)
    for image, loudness in zip(x, LOUDNESS, strict=True):
        image.mul_(loudness)
    return x
