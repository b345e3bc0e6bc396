r"""Looks at a picture that are no views: turned by any angle, from nearby, tilted, in a mirror, by interpolation.

A look is a matrix W: each of its pixels is a mean of four neighbours of the picture, or lies outside of it. It is not
orthogonal, and noise that is seen through it is not white, so networks see the canvas of the look, and the picture that
canvases agree on is found of their clean images, as the least squares solution (arXiv 2403.14370, 2504.08902)

.. math:: \min_c \sum_i \| W_i c - y_i \|^2, \qquad \text{by conjugate gradients}
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import option

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

#: The part of the plane that a mirror shows: half of its angle, its nearest and its furthest distance from the axis.
ANGLE, NEAR, FAR = math.pi / 4, 0.3, 1.4
#: Steps towards the picture that all agree on.
STEPS = 12


@attrs.frozen(kw_only=True)
class Look:
    """One way to look at the picture; what is not said is as it lies."""

    turn: float = option(0.0, doc="turn of the picture, counter-clockwise, in degrees", gt=-360, lt=360)
    zoom: float = option(1.0, doc="how many times larger its middle is seen", ge=0.25, le=8)
    tilt: float = option(0.0, doc="how far its upper edge is tilted away, in degrees", ge=0, le=75)
    mirror: bool = option(False, doc="in a cylinder of a mirror that stands on the middle of its lower edge")

    def source(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Places of the picture that are seen at some places; all from -1, left or top, to 1."""
        import torch  # plugins import no torch until they are used

        if self.mirror:
            far = NEAR + (FAR - NEAR) * (1 - y) / 2
            x, y = far * torch.sin(ANGLE * x), 1 - far * torch.cos(ANGLE * x)
        if self.tilt:
            away = 1 - math.sin(math.radians(self.tilt)) * (1 - y) / 4
            x, y = x / away, (y - 1) / (away * math.cos(math.radians(self.tilt))) + 1
        angle = math.radians(self.turn)
        x, y = x / self.zoom, y / self.zoom
        return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)


@attrs.frozen(eq=False)
class Seen:
    """A look at pictures of one size.

    Attributes:
        matrix: W, sparse, (H W, H W).
        transpose: Its transpose.
        inside: 1 where the look shows a place of the picture, shape (H W, 1); 0 elsewhere.
    """

    matrix: Tensor
    transpose: Tensor
    inside: Tensor

    @classmethod
    def of(cls, look: Look, height: int, width: int, device: torch.device | str = "cpu") -> Seen:
        """Look at pictures of a size."""
        import torch

        places = [(torch.arange(n, dtype=torch.float64) * 2 + 1) / n - 1 for n in (height, width)]
        y, x = (each.flatten() for each in torch.meshgrid(*places, indexing="ij"))
        across, down = look.source(x, y)
        column, row = (across + 1) * width / 2 - 0.5, (down + 1) * height / 2 - 0.5
        inside = (across.abs() <= 1 + 1e-9) & (down.abs() <= 1 + 1e-9)
        row, column = (each.round(decimals=9).clamp(0, n - 1) for each, n in ((row, height), (column, width)))
        top, left = row.floor(), column.floor()
        rows, columns, values = [], [], []
        for below, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            weight = (1 - (row - top - below).abs()) * (1 - (column - left - right).abs()) * inside
            to = (top + below).clamp(max=height - 1) * width + (left + right).clamp(max=width - 1)
            kept = weight > 0
            rows.append(torch.arange(height * width)[kept])
            columns.append(to.long()[kept])
            values.append(weight[kept])
        pair = torch.stack((torch.cat(rows), torch.cat(columns)))
        made = (torch.cat(values).float(), (height * width, height * width))
        with torch.sparse.check_sparse_tensor_invariants(True):
            matrix, transpose = (torch.sparse_coo_tensor(it, *made).coalesce() for it in (pair, pair.flip(0)))
        return cls(matrix.to(device), transpose.to(device), inside.float()[:, None].to(device))


def agreed(looks: Sequence[Seen], seen: Sequence[Tensor]) -> Tensor:
    """The picture that explains best what each look has, shape (H W, C).

    Arguments:
        looks: The looks.
        seen: What each has, likewise.
    """
    import torch

    def squared(picture: Tensor) -> Tensor:
        # What no look shows stays 0.
        return sum((_times(it.transpose, _times(it.matrix, picture)) for it in looks), torch.zeros_like(picture))

    rest = sum((_times(it.transpose, it.inside * y) for it, y in zip(looks, seen, strict=True)), 0 * seen[0])
    picture, way, power = torch.zeros_like(rest), rest, rest.square().sum(0)
    for _ in range(STEPS):
        moved = squared(way)
        # Where nothing is left to explain nothing moves; in float32 there always is a little.
        step = power / (way * moved).sum(0).clamp(min=1e-20)
        picture, rest = picture + step * way, rest - step * moved
        before, power = power, rest.square().sum(0)
        way = rest + power / before.clamp(min=1e-20) * way
    return picture


def looked(look: Seen, picture: Tensor, own: Tensor) -> Tensor:
    """What a look shows of a picture, and its own where it shows none; all of shape (H W, C)."""
    return _times(look.matrix, picture) + (1 - look.inside) * own


def _times(matrix: Tensor, picture: Tensor) -> Tensor:
    import torch

    product: Tensor = torch.sparse.mm(matrix, picture)
    return product
