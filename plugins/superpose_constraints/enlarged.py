r"""Inpainting at a later stage of a cascade: what is known is the first stage's picture, enlarged.

A picture y that is f times as large says what the small one x does if the mean of each f by f block of y is x. The
bicubic enlargement B x says so nearly; of it each block takes what differs from its mean,

.. math:: y = U x + s\,(B x - U M B x)

with M the means of blocks, U what repeats a value in all of its block, and s at most 1, a number a block, for y to stay
in range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def enlarged(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture (C, h, w) in [-1, 1] at a whole number of times the size, whose blocks have its pixels as means."""
    from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

    small, block = picture[None], size[0] // picture.shape[1]

    def repeated(values: Tensor) -> Tensor:
        return interpolate(values, size, mode="nearest-exact")

    smooth = interpolate(small, size, mode="bicubic", align_corners=False)
    detail = smooth - repeated(avg_pool2d(smooth, block))
    # As much of a block's detail as the range of pictures has room for; of more, the mean would be cut off.
    room = (1 - repeated(small) * detail.sign()).clamp(min=1e-6)
    share = 1 / max_pool2d(detail.abs() / room, block).clamp(min=1)
    return (repeated(small) + repeated(share) * detail)[0].contiguous()
