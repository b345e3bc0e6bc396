"""Blurs by any kernel, done by Fourier's transform: the image goes around its edges."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, Problem, RecipeError, option, read_array

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from superpose import LinearOperator, Shape


@attrs.frozen(kw_only=True)
class KernelBlur(Operator):
    """Convolves with a kernel from a file, around the edges, as DiffPIR's deblurring does.

    The middle of a kernel (h, w) is at (h // 2, w // 2), counted from 0.
    """

    kind = "kernel-blur"
    papers = ("arXiv 2305.08995",)
    kernel: Path = option(doc="the kernel, shape (h, w): a .npy file, or a .safetensors file with one tensor in it")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A file that can't be read, or a kernel that is larger than the image."""
        try:
            height, width = self._read().shape
        except RecipeError as error:
            yield Problem.of(error, "kernel")
            return
        if height > shape[1] or width > shape[2]:
            what = f"{self.kernel}: the kernel is {height}x{width}, and images of {shape[1]}x{shape[2]} are smaller"
            yield Problem("kernel", what, "cut it down to the image")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The kernel's transform."""
        return _filtered(self._read(), shape, device)

    def _read(self) -> NDArray[np.float64]:
        kernel = read_array(self.kernel).astype(np.float64)
        if kernel.ndim != 2 or not kernel.any():
            raise RecipeError(f"{self.kernel}: a kernel has height and width and is not 0, got shape {kernel.shape}")
        return kernel


@attrs.frozen(kw_only=True)
class MotionBlur(Operator):
    """The image moved while it was taken, along a straight line."""

    kind = "motion-blur"
    length: float = option(5.0, doc="length of the way, in pixels", gt=0, le=255)
    degrees: float = option(0.0, doc="its direction: 0 is to the right, 90 upwards")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A way that is longer than the image."""
        side = min(shape[1:])
        if 2 * self._reach + 1 > side:
            longest = 2 * ((side - 3) // 2)
            what = f"motion-blur along {self.length:g} pixels is longer than an image of {shape[1]}x{shape[2]}"
            yield Problem("length", what, f"write at most {longest}" if longest > 0 else "")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The line, its points shared out among the pixels around them."""
        reach, ways = self._reach, np.linspace(-0.5, 0.5, 8 * math.ceil(self.length) + 1)
        turn = math.radians(self.degrees)
        y, x = reach - ways * self.length * math.sin(turn), reach + ways * self.length * math.cos(turn)
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
        top, left = np.floor(y).astype(int), np.floor(x).astype(int)
        for down in (0, 1):
            for across in (0, 1):
                share = np.abs(1 - down - (y - top)) * np.abs(1 - across - (x - left))
                np.add.at(kernel, (top + down, left + across), share)
        return _filtered(kernel / kernel.sum(), shape, device)

    @property
    def _reach(self) -> int:
        return math.ceil(self.length / 2) + 1


def _filtered(kernel: NDArray[np.float64], shape: Shape, device: torch.device | str) -> LinearOperator:
    from superpose_operators.bound.filtered import Filtered
    from superpose_operators.tensors import on_device

    return Filtered.by(on_device(kernel, device), shape)
