"""View consistency of a cascade's stages: how much of a large view is the small one, enlarged.

A view need not move blocks of pixels whole: at 64 pixels a third of the side is 21 of them, at 256 it is 85. Where the
stages disagree, the later one paints over what the earlier one meant to show. A cascade bears a little of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View


def view_consistency(small: View, large: View, small_shape: Shape, large_shape: Shape) -> float | None:
    """Share of pixels of a picture, enlarged, at which the large view shows what the small one shows there.

    Arguments:
        small: The view of the first stage.
        large: The same, scaled to a later one.
        small_shape: (C, H, W) of the first stage.
        large_shape: (C, H, W) of the later one.

    Returns:
        From 0 to 1; None where the sides of the later stage are no whole multiple of those of the first.
    """
    _, height, width = small_shape
    channels, tall, wide = large_shape
    times = tall // height
    if (height * times, width * times) != (tall, wide):
        return None
    # Every value once, so that none is where it belongs by chance.
    picture = torch.arange(1.0, channels * height * width + 1, dtype=torch.float64).view(1, channels, height, width)
    want, got = _enlarged(small.apply(picture), times), large.apply(_enlarged(picture, times))
    return float(torch.isclose(got, want).all(1).double().mean()) if got.shape == want.shape else 0.0


def _enlarged(x: Tensor, times: int) -> Tensor:
    return x.repeat_interleave(times, -2).repeat_interleave(times, -1)
