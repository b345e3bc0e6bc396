"""Probes that the laws share: noise to probe with, and how a broken law is told.

A law returns the figure that it has measured: how far something is off, unless it says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from superpose.errors import LawError

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.tensors import Map
    from superpose.kinds.kind import Kind
    from superpose.sampling.noise import NoiseLaw

#: Largest deviation that rounding explains, relative to unit noise; the run-time probe has the same.
TOLERANCE = 1e-4


def noise(count: int, *shape: int, seed: int = 0, double: bool = True) -> Tensor:
    """White noise of unit variance, shape (count, ``*shape``), float64 unless ``double`` is False."""
    import torch  # the laws can be imported without torch

    generator = torch.Generator().manual_seed(seed)
    dtype = torch.float64 if double else torch.float32
    return torch.randn((count, *shape), generator=generator, dtype=dtype)


def of_law(normal: Tensor, law: NoiseLaw) -> Tensor:
    """Unit normal noise as noise of another law: each value in the place that it has among all."""
    import torch

    return normal if law == "normal" else torch.special.ndtr(normal)


def broken(kind: Kind, where: str, what: str) -> NoReturn:
    """Raise the `LawError` of a broken law."""
    raise LawError(f"{kind.role} {kind.kind!r} {kind} at {where}: {what}")


def size(x: Tensor) -> str:
    """The size of one image in a batch: ``3x8x8``."""
    return "x".join(map(str, x.shape[1:]))


def gap(got: Tensor, want: Tensor) -> float:
    """Largest absolute difference; infinite where shapes differ or a value is not a number."""
    if got.shape != want.shape:
        return math.inf
    difference = float((got.double() - want.double()).abs().max())
    return math.inf if math.isnan(difference) else difference


@contextmanager
def unwritten(kind: Kind, what: str, *tensors: Tensor) -> Iterator[None]:
    """Inside, nobody may write to ``tensors``."""
    copies = [tensor.clone() for tensor in tensors]
    yield
    for tensor, copy in zip(tensors, copies, strict=True):
        if (moved := gap(tensor, copy)) > 0:
            broken(kind, size(tensor), f"{what} writes to its argument (by up to {moved:.3g}); make a new tensor")


def linear(kind: Kind, what: str, f: Map, channels: int, height: int, width: int) -> float:
    """``f`` of a sum is the sum of its values; what maps nothing to something is not linear either."""
    x, y = noise(2, channels, height, width).unsqueeze(1)
    off = gap(f(2 * x - 3 * y), 2 * f(x) - 3 * f(y))
    if off > TOLERANCE:
        broken(kind, size(x), f"{what} is not linear: the value of 2x - 3y is off by {off:.3g}")
    return off


def keeps_form(kind: Kind, what: str, f: Map, channels: int, height: int, width: int) -> float:
    """``f`` answers in the dtype it is asked in, row for row, and each row's bits depend on that row alone."""
    x = noise(3, channels, height, width, double=False)
    with unwritten(kind, what, x):
        whole = f(x)
    if whole.dtype != x.dtype:
        broken(kind, size(x), f"{what} answers {x.dtype} in {whole.dtype}")
    if len(whole) != len(x):
        broken(kind, size(x), f"{what} answers {len(x)} images with {len(whole)}")
    for i in range(len(x)):
        if (off := gap(f(x[i : i + 1])[0], whole[i])) > 0:
            broken(kind, size(x), f"{what} of one image changes by {off:.3g} with the images beside it")
    return 0.0
